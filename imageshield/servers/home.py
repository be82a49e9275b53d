"""The data directory of a system: its permissions, secrets and remembered ports, and the lock of its one supervisor."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import platformdirs

from imageshield.servers import ports
from imageshield.servers.errors import HomeRefused

LAYOUT = "1"
FOLDERS = ("secrets", "vault", "postgres", "valkey", "seaweedfs", "logs", "run", "cache")
TOKENS = (
    "postgres-password",
    "valkey-password",
    "s3-access-key",
    "s3-secret-key",
    "seaweedfs-volume-write",
    "seaweedfs-volume-read",
    "seaweedfs-filer-write",
    "seaweedfs-filer-read",
)
BOUND_TO_DATA = ("vault.key", "postgres-password")
"""Secrets without which the data cannot be read: a lost one is never silently replaced."""


def default_path() -> Path:
    """Return the user's data folder; for root, /var/lib: the user that runs PostgreSQL cannot enter root's home."""
    return Path("/var/lib/imageshield") if os.geteuid() == 0 else Path(platformdirs.user_data_dir("imageshield"))


@contextmanager
def scratch() -> Iterator[Path]:
    """Yield an empty data directory and delete it afterwards."""
    # The user that runs PostgreSQL may not be able to enter root's temporary directory.
    place = "/var/tmp" if os.geteuid() == 0 else None  # noqa: S108 -- mkdtemp makes a private directory in it
    path = Path(tempfile.mkdtemp(prefix="imageshield-", dir=place))
    try:
        yield path
    finally:
        shutil.rmtree(path)


class Home:
    """A data directory. `open` locks it until `close`; the constructor alone is for reading."""

    def __init__(self, path: Path, lock: int | None = None) -> None:
        self.path = path
        self._lock = lock

    @classmethod
    def open(cls, path: Path) -> Self:
        path = path.expanduser().resolve()
        _claim(path)
        lock = _lock(path / "lock")
        try:
            _furnish(path)
        except BaseException:
            os.close(lock)
            raise
        return cls(path, lock)

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)

    @property
    def exists(self) -> bool:
        return (self.path / "layout").exists()

    @property
    def in_use(self) -> bool:
        """Say whether a supervisor, perhaps this process, holds the directory."""
        try:
            lock = os.open(self.path / "lock", os.O_RDONLY)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(lock)
        return False

    def folder(self, name: str) -> Path:
        return self.path / name

    def secret_file(self, name: str) -> Path:
        return self.path / "secrets" / name

    def secret(self, name: str) -> str:
        return self.secret_file(name).read_text().strip()

    def ports(self, *names: str) -> dict[str, int]:
        """Choose a free port for each name, the previous one if it is free, and remember the choice."""
        file = self.path / "ports.json"
        remembered = read_ports(self.path)
        for name in names:
            others = {port for other, port in remembered.items() if other != name}
            remembered[name] = ports.choose(remembered.get(name), avoid=others)
        temporary = file.with_suffix(".new")
        temporary.write_text(json.dumps(remembered, indent=2) + "\n")
        temporary.replace(file)
        return {name: remembered[name] for name in names}


def read_ports(path: Path) -> dict[str, int]:
    try:
        found = json.loads((path / "ports.json").read_text())
    except (OSError, ValueError):
        return {}
    return {str(name): int(port) for name, port in found.items()}


def _claim(path: Path) -> None:
    """Create the directory, or check that it is ours: a wrong --data-dir must keep its mode."""
    if not path.exists():
        path.mkdir(mode=0o700, parents=True)
    elif not path.is_dir():
        raise HomeRefused(f"{path} is not a directory")
    if path.stat().st_uid != os.geteuid():
        raise HomeRefused(f"{path} belongs to another user: start as that user or choose another --data-dir")
    names = {entry.name for entry in path.iterdir()}
    if names and not names & {"layout", "lock"}:
        raise HomeRefused(f"{path} holds other things: choose an empty directory with --data-dir")
    # Under root, the user of the server must pass through to its own folder. It cannot list the directory.
    path.chmod(0o711 if os.geteuid() == 0 else 0o700)


def _lock(path: Path) -> int:
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 32, 0).decode().strip()
        os.close(lock)
        raise HomeRefused(f"{path.parent} is in use by process {holder}: stop that or choose another one") from None
    os.truncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    return lock


def _furnish(path: Path) -> None:
    layout = path / "layout"
    new = not layout.exists()
    if not new and (found := layout.read_text().strip()) != LAYOUT:
        raise HomeRefused(f"{path} has layout {found}, this version knows {LAYOUT}: use the version that made it")
    for name in FOLDERS:
        (path / name).mkdir(mode=0o700, exist_ok=True)
    for name in TOKENS:
        _keep(path / "secrets" / name, lambda: secrets.token_urlsafe(32).encode() + b"\n", new=new)
    _keep(path / "secrets/vault.key", lambda: secrets.token_bytes(32), new=new)
    if new:  # last: an interrupted first start is repeated as a first start
        layout.write_text(LAYOUT + "\n")


def _keep(path: Path, make: Callable[[], bytes], *, new: bool) -> None:
    if path.exists():
        return
    if not new and path.name in BOUND_TO_DATA:
        raise HomeRefused(f"{path} is missing, and the data cannot be read without it: restore it from a backup")
    temporary = path.with_name(path.name + ".new")
    with suppress(FileNotFoundError):
        temporary.unlink()
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(make())
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
