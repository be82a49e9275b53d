"""The command line: python -m tests.independent IMAGE KEY_FILE -o OUTPUT."""

import argparse
import sys
from pathlib import Path

from .decrypt import decrypt
from .failures import Refused
from .stanzas import Secrets


def main(arguments: list[str] | None = None) -> int:
    given = _parse(arguments)
    secrets = Secrets(passphrase=_line(given.password_file), identity=_line(given.identity_file))
    material = given.material.read_bytes() if given.material else None
    try:
        decrypted = decrypt(given.image.read_bytes(), given.key_file.read_bytes(), secrets, material)
    except Refused as refused:
        sys.stderr.write(f"{refused}\n")
        return 3
    with given.output.open("xb") as output:
        output.write(decrypted.file)
    return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.independent", description="Decrypt, from docs/reference/format.md alone."
    )
    parser.add_argument("image", type=Path, help="the encrypted image")
    parser.add_argument("key_file", type=Path, help="its key file")
    parser.add_argument("--password-file", type=Path, help="a file whose one line is the passphrase")
    parser.add_argument("--identity-file", type=Path, help="a file whose one line is a recipient's secret key")
    parser.add_argument("--material", type=Path, help="the .qmat file of maximum")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the file to write, which must not exist")
    return parser.parse_args(arguments)


def _line(path: Path | None) -> str | None:
    return None if path is None else path.read_bytes().decode().removesuffix("\n").removesuffix("\r")


if __name__ == "__main__":
    sys.exit(main())
