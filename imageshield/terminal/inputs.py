"""Input of commands: files, and standard input for the name `-`."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from imageshield.terminal.failures import Failure, of_reading

STANDARD: Final = Path("-")
"""Standard input or output in place of a file."""


def file(text: str) -> Path:
    """Parse a file argument: `-` means standard input or output, `./-` is the file of that name."""
    path = Path(text)
    return path.absolute() if path == STANDARD and text != str(STANDARD) else path


@contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """Open a file, or yield standard input.

    Raises:
        Failure: the file cannot be opened or read.
    """
    try:
        if path == STANDARD:
            yield sys.stdin.buffer
        else:
            with path.open("rb") as opened:
                yield opened
    except OSError as error:
        raise of_reading(error, called(path)) from error


def read(path: Path, limit: int) -> bytes:
    """Read a whole file of at most `limit` bytes. Reading an endless file stops one byte after the limit.

    Raises:
        Failure: the file cannot be read or is too large.
    """
    with reading(path) as opened:
        size = 0 if path == STANDARD else os.fstat(opened.fileno()).st_size
        data = b"" if size > limit else opened.read(limit + 1)
    if size > limit or len(data) > limit:
        raise Failure("file-too-large", "The file is too large", f"{called(path)} has more than {limit:,} bytes")
    return data


def called(path: Path) -> str:
    """Name a file as messages do."""
    return "standard input" if path == STANDARD else str(path)
