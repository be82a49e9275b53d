"""Create the missing key files of an installation: `python make_keys.py DIRECTORY`.

`vault.key` is the root key of the vault, 32 bytes; `signing.pem` signs the access tokens, P-256. Existing files are
kept, because a new root key cannot open what the old one sealed.
"""

import os
import secrets
import sys
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


def main(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_once(directory / "vault.key", secrets.token_bytes(32))
    write_once(directory / "signing.pem", new_signing_key())


def new_signing_key() -> bytes:
    return ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def write_once(path: Path, content: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        print(f"{path.name}: kept")
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    print(f"{path.name}: made")


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 - the program and one directory
        sys.exit("usage: make_keys.py DIRECTORY")
    main(Path(sys.argv[1]))
