"""A backup on disk: a directory with a manifest that lists every file with its size and SHA-256.

It is written under a temporary name and renamed when it is complete; a directory without a manifest is no backup. Lists
that grow with the installation are separate files, one entry per line, so that memory use stays constant.
"""

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

KIND: Final = "imageshield-backup"
VERSION: Final = 1
MANIFEST = "manifest.json"
OBJECTS, KEYS = "objects.jsonl", "keys.jsonl"
PIECE = 1 << 20
Name = r"^[a-z_][a-z0-9_]*$"
Digest = r"^[0-9a-f]{64}$"


class BackupUnfit(Exception):
    """An error that ends a backup or a restore; `code` is stable, `changed` means that the backup was modified."""

    def __init__(self, code: str, title: str, detail: str = "", *, changed: bool = False) -> None:
        super().__init__(f"{title}: {detail}" if detail else title)
        self.code, self.title, self.detail, self.changed = code, title, detail, changed


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(Strict):
    """A file of the backup, with the size and digest that it must have."""

    bytes: int = Field(ge=0)
    sha256: str = Field(pattern=Digest)


class TablePart(Part):
    name: str = Field(pattern=Name)
    columns: tuple[str, ...]
    rows: int = Field(ge=0)


class ListPart(Part):
    count: int = Field(ge=0)


class Entry(Strict):
    """A line of the list of objects; an object that was missing when it was copied has no digest."""

    id: UUID
    key: str
    media_type: str
    passing: bool
    bytes: int | None = None
    sha256: str | None = Field(default=None, pattern=Digest)

    @property
    def file(self) -> str:
        # The end of a UUIDv7 is random; its beginning is the time.
        return f"objects/{self.id.hex[-2:]}/{self.id.hex}"


class NeededKey(Strict):
    """The identity of a vault key that the backup needs; never the key itself."""

    kind: Literal["account", "transit"]
    id: UUID
    account_id: UUID | None = None
    version: int = 1


class Manifest(Strict):
    kind: Literal["imageshield-backup"] = KIND
    version: Literal[1] = VERSION
    product: str
    made_at: datetime
    revision: str
    """The migration of the tables."""
    tables: tuple[TablePart, ...]
    objects: ListPart
    object_bytes: int
    passing: int
    """Objects that were due and were deleted during the backup."""
    lost: tuple[str, ...]
    """Objects that a row names and that were missing in the store."""
    keys: ListPart

    @property
    def counts(self) -> dict[str, int]:
        """Return what it holds: rows, objects and their bytes."""
        return {
            "rows": sum(table.rows for table in self.tables),
            "objects": self.objects.count - self.passing - len(self.lost),
            "bytes": self.object_bytes + sum(table.bytes for table in self.tables),
        }


class Writing:
    """A file of a backup during writing: it counts and digests its content."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._unwritten():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=PIECE)
        self._digest = hashlib.sha256()
        self.bytes = 0
        self.count = 0

    def write(self, piece: bytes) -> None:
        self._digest.update(piece)
        with self._unwritten():
            self._file.write(piece)
        self.bytes += len(piece)

    def add(self, entry: Strict) -> None:
        self.write(entry.model_dump_json(exclude_none=True).encode() + b"\n")
        self.count += 1

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._unwritten():
            self._file.close()

    @contextmanager
    def _unwritten(self) -> Iterator[None]:
        # Translated here, because a caller could take an OSError for one of the database or the store.
        try:
            yield
        except OSError as error:
            full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
            code, title = (
                ("storage-full", "There is no room left") if full else ("file-unwritable", "It cannot be written")
            )
            raise BackupUnfit(code, title, f"{self._path}: {error.strerror}") from error


class Archive:
    """A complete backup."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read the manifest.

        Raises:
            BackupUnfit: there is no backup, an unfinished one, or one of another version.
        """
        try:
            text = (path / MANIFEST).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            detail = f"{path} has no {MANIFEST}: it is no backup, or one that was never finished"
            raise BackupUnfit("backup-incomplete", "This is no complete backup", detail) from None
        try:
            content = json.loads(text)
            if content.get("version") != VERSION or content.get("kind") != KIND:
                raise BackupUnfit("backup-unknown", "This version does not read this backup", f"{path / MANIFEST}")
            return cls(path, Manifest.model_validate_json(text))
        except (ValueError, ValidationError, AttributeError) as error:
            raise damaged(MANIFEST, "is not as it was written") from error

    def table(self, name: str) -> Path:
        return self.path / _table_file(name)

    def objects(self) -> Iterator[Entry]:
        for line in self._lines(OBJECTS):
            yield Entry.model_validate_json(line)

    def needed_keys(self) -> Iterator[NeededKey]:
        for line in self._lines(KEYS):
            yield NeededKey.model_validate_json(line)

    def verify(self) -> Iterator[int]:
        """Read every file; yields the bytes read after each.

        Raises:
            BackupUnfit: a file is missing, or differs from what was written.
        """
        manifest = self.manifest
        for table in manifest.tables:
            yield self._verify(_table_file(table.name), table.bytes, table.sha256)
        yield self._verify(OBJECTS, manifest.objects.bytes, manifest.objects.sha256)
        yield self._verify(KEYS, manifest.keys.bytes, manifest.keys.sha256)
        for entry in self.objects():
            if entry.sha256 is not None and entry.bytes is not None:
                yield self._verify(entry.file, entry.bytes, entry.sha256)

    def _verify(self, name: str, size: int, sha256: str) -> int:
        try:
            with (self.path / name).open("rb") as file:
                found = os.fstat(file.fileno()).st_size
                if found != size:
                    raise damaged(name, f"has {found:,} bytes in place of {size:,}")
                if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                    raise damaged(name, "has another SHA-256 than the manifest says")
        except FileNotFoundError:
            raise damaged(name, "is missing") from None
        return size

    def _lines(self, name: str) -> Iterator[bytes]:
        with (self.path / name).open("rb") as file:
            yield from file


class Draft:
    """A backup that is being written, under a name of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def table(self, name: str) -> Writing:
        return Writing(self.path / _table_file(name))

    def file(self, name: str) -> Writing:
        return Writing(self.path / name)

    def seal(self, manifest: Manifest) -> None:
        os.sync()  # once for all files: one by one would cost a disk write for each
        with self.file(MANIFEST) as file:
            file.write(json.dumps(manifest.model_dump(mode="json"), indent=2).encode() + b"\n")
        _sync(self.path / MANIFEST)


@contextmanager
def drafted(path: Path) -> Iterator[Draft]:
    """Open a draft of a backup, and rename it to `path` when the block ends; a failure leaves nothing behind.

    Raises:
        BackupUnfit: the path, or that of its draft, already exists.
    """
    place = path.with_name(path.name + ".partial")
    for taken in (path, place):
        if taken.exists():
            hint = "remove it: it was cut off" if taken == place else "choose another name"
            raise BackupUnfit("file-exists", "The file is there already", f"{taken} ({hint})")
    place.mkdir(mode=0o700, parents=True)
    try:
        yield Draft(place)
        place.rename(path)
        _sync(path.parent)
    except BaseException:
        shutil.rmtree(place, ignore_errors=True)
        raise


def now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def damaged(name: str, what: str) -> BackupUnfit:
    return BackupUnfit("backup-damaged", "The backup is damaged", f"{name} {what}", changed=True)


def described(writing: Writing, **more: Any) -> dict[str, Any]:
    """Return the manifest's fields of a finished file."""
    return {"bytes": writing.bytes, "sha256": writing.sha256, **more}


def _table_file(name: str) -> str:
    return f"tables/{name}.csv"


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
