"""The API key that this user's commands send: from a file, from the environment, or kept by `imageshield login`."""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from imageshield.commands.remote.connections import Connection, read_server
from imageshield.terminal.failures import Failure, of_reading, usage
from imageshield.terminal.inputs import called, read
from imageshield.terminal.outputs import PRIVATE, Outputs

API_KEY: Final = "IMAGESHIELD_API_KEY"
SERVER: Final = "IMAGESHIELD_SERVER"
MAX_FILE: Final = 4096
SHAPE: Final = re.compile(r"qis_(?:live|test)_[0-9A-Za-z]{49}", re.ASCII)
"""So that no secret of another kind is sent by mistake; the service checks the rest."""

OTHERS: Final = 0o077


@dataclass(frozen=True, slots=True)
class Credential:
    """An API key, and the service that it is for."""

    server: str
    api_key: str = field(repr=False)
    made: bool = False
    """Whether `imageshield login` made it: then `imageshield logout` revokes it."""

    def connect(self) -> Connection:
        return Connection(self.server, **{"X-API-Key": self.api_key})


def credentials_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file in the user's configuration directory (XDG Base Directory)."""
    folder = environment.get("XDG_CONFIG_HOME") or Path(environment.get("HOME") or Path.home()) / ".config"
    return Path(folder) / "imageshield" / "credentials.json"


def keep(credential: Credential) -> Path:
    """Write the credential to its file, for its owner only."""
    path = credentials_file()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Outputs(force=True) as outputs:
        outputs.write(path, memoryview(json.dumps(asdict(credential), indent=2).encode() + b"\n"), mode=PRIVATE)
    return path


def kept() -> Credential | None:
    """Read the credential of `imageshield login`; None if there is none.

    Raises:
        Failure: others can read the file, or it is damaged.
    """
    path = credentials_file()
    if not path.exists():
        return None
    _require_private(path)
    try:
        found = json.loads(read(path, MAX_FILE))
        credential = Credential(found["server"], found["api_key"], made=found["made"] is True)
    except (ValueError, TypeError, KeyError):
        raise Failure("credentials-unfit", "The credentials cannot be read", f"{path}: log in again") from None
    return credential


def forget() -> None:
    credentials_file().unlink(missing_ok=True)


def given(server: str | None, api_key_file: Path | None) -> Credential:
    """Find the credential for a command: a named file comes first, then the environment, then the one that is kept.

    Raises:
        Failure: there is none.
    """
    key = read_key(api_key_file) if api_key_file is not None else os.environ.get(API_KEY)
    server = server or os.environ.get(SERVER)
    if key is not None:
        if server is None:
            raise usage(f"say with --server, or in {SERVER}, for which service the API key is")
        return Credential(read_server(server), _checked(key, API_KEY if api_key_file is None else called(api_key_file)))
    found = kept()
    if found is None:
        raise Failure("not-logged-in", "You are not logged in", f"imageshield login, or {API_KEY} and {SERVER}")
    if server is not None and read_server(server) != found.server:
        raise Failure("not-logged-in", "You are not logged in", f"the key that is kept is for {found.server}")
    return found


def read_key(path: Path) -> str:
    """Read an API key from a file, or from standard input.

    Raises:
        Failure: others can read the file, or it holds no API key.
    """
    if path.is_file():
        _require_private(path)
    text = read(path, MAX_FILE).decode(errors="replace").strip()
    return _checked(text, called(path))


def _checked(text: str, place: str) -> str:
    # The text is not quoted: it may be a secret of another kind.
    if not SHAPE.fullmatch(text.strip()):
        raise Failure("api-key-unfit", "This is no API key", f"{place} must hold qis_… and nothing else")
    return text.strip()


def _require_private(path: Path) -> None:
    try:
        found = path.stat()
    except OSError as error:
        raise of_reading(error, path) from error
    if found.st_mode & OTHERS:
        raise Failure("credentials-exposed", "Others can read the API key", f"chmod 600 {path}, and rotate the key")
    if found.st_uid not in {os.geteuid(), 0}:
        raise Failure("credentials-exposed", "The file belongs to another user", str(path))
