"""Atomic output files: each file appears complete or not at all, and files of one command appear all or none."""

import os
import secrets
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from imageshield.terminal.failures import Failure, already_there, of_writing, usage
from imageshield.terminal.inputs import STANDARD
from imageshield.terminal.signals import blocked
from imageshield.terminal.streams import write_all

PRIVATE = 0o600
ORDINARY = 0o666  # less the umask
_STEP = 1 << 22


def check_target(path: Path, *, force: bool, hint: str = "--force replaces it") -> None:
    """Check before the work that a file can be written at `path`.

    Raises:
        Failure: it exists and `force` is not set, or its place cannot hold a file.
    """
    if path == STANDARD:
        return
    if not force and os.path.lexists(path):
        raise already_there(path, hint)
    place = resolved(path)
    if not place.parent.is_dir():
        raise Failure("file-unwritable", "The file cannot be written", f"{place.parent} is no directory")
    try:
        # A file would replace a device or a pipe; for root even permanently.
        if place.exists() and not place.is_file():
            raise Failure("file-unwritable", "The file cannot be written", f"{path} is no ordinary file")
    except OSError as error:  # for example a name that is too long
        raise of_writing(error, path) from error


def check_distinct(paths: dict[str, Path]) -> None:
    """Check that no two of the named files are the same: no input is overwritten, no two results share a file."""
    places: dict[Path, str] = {}
    for name, path in paths.items():
        other = name if path == STANDARD else places.setdefault(resolved(path), name)
        if other != name:
            raise usage(f"{name} and {other} are the same file, {path}")


def resolved(path: Path) -> Path:
    """Follow links. `Path.resolve` would raise for links in a circle."""
    return Path(os.path.realpath(path))


@dataclass(slots=True)
class _Part:
    target: Path
    temporary: Path
    replaced: Path | None = None
    there: bool = False


@dataclass(slots=True)
class Outputs:
    """Output files of one command: temporary files beside the targets, all renamed when the `with` block succeeds.

    Standard output is written before the renames: if that fails, no file appears.
    """

    force: bool
    hint: str = "--force replaces it"
    _parts: list[_Part] = field(default_factory=list)
    _sent: list[memoryview] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._send()
                # A signal between the first and the last file would leave a part of them.
                with blocked():
                    self._publish()
        finally:
            for part in self._parts:
                part.temporary.unlink(missing_ok=True)

    def write(
        self, target: Path, data: memoryview, *, mode: int = ORDINARY, progress: Callable[[int], None] = lambda _: None
    ) -> None:
        if target == STANDARD:
            self._sent.append(data)
            return
        # Beside the file that a link points to: the link itself is kept.
        place = resolved(target) if self.force else target
        part = _Part(place, place.parent / f".imageshield-{secrets.token_hex(8)}.part")
        try:
            descriptor = os.open(part.temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
            self._parts.append(part)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                _write_all(file.fileno(), data, progress)
                os.fsync(file.fileno())
        except OSError as error:
            raise of_writing(error, target) from error

    def _send(self) -> None:
        try:
            sys.stdout.flush()  # text that was printed before
            for data in self._sent:
                write_all(sys.stdout.buffer, data)
        except OSError as error:
            raise of_writing(error, "standard output") from error

    def _publish(self) -> None:
        part = None
        try:
            for part in self._parts:
                self._put(part)
            for directory in {part.target.parent for part in self._parts}:
                _sync_directory(directory)
        except OSError as error:
            self._take_back()
            raise of_writing(error, part.target if part else "") from error
        finally:
            for done in self._parts:
                if done.replaced is not None:
                    done.replaced.unlink(missing_ok=True)

    def _put(self, part: _Part) -> None:
        if not self.force:
            _move_to_free_place(part.temporary, part.target)
        else:
            if part.target.is_file() and len(self._parts) > 1:
                part.replaced = _keep_aside(part.target, part.temporary.with_suffix(".old"))
            part.temporary.replace(part.target)
        part.there = True

    def _take_back(self) -> None:
        for part in self._parts:
            with suppress(OSError):
                if part.replaced is not None:
                    # A rename does nothing if both names already are one file, so the old name is removed separately.
                    part.replaced.replace(part.target)
                    part.replaced.unlink(missing_ok=True)
                    part.replaced = None
                elif part.there:
                    part.target.unlink()


def _write_all(descriptor: int, data: memoryview, progress: Callable[[int], None]) -> None:
    at = 0
    while at < len(data):
        size = os.write(descriptor, data[at : at + _STEP])
        at += size
        progress(size)


def _move_to_free_place(temporary: Path, target: Path) -> None:
    """Rename a file only if the new name is free: a link fails where a rename would replace."""
    try:
        target.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:
        # A file system without links: a file that appears between the check and the rename would be replaced.
        if os.path.lexists(target):
            raise FileExistsError from None
        temporary.rename(target)


def _keep_aside(target: Path, aside: Path) -> Path:
    try:
        aside.hardlink_to(target)
    except OSError:
        target.rename(aside)
    return aside


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        # Some file systems do not sync directories; the files themselves are safe.
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
