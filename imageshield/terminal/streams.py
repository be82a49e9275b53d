"""Repair of this process's standard streams: closed ones are opened, and writes are always complete."""

import io
import os
import sys
from typing import BinaryIO, Final

STREAMS: Final = ("stdin", "stdout", "stderr")
"""In the order of their descriptors."""


def open_closed() -> set[str]:
    """Open /dev/null for closed standard streams and return their names: else the next file would get their number."""
    closed = {name for name in STREAMS if getattr(sys, name) is None}
    for name in closed:
        number, descriptor = STREAMS.index(name), os.open(os.devnull, os.O_RDWR)
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
        setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w", closefd=False))
    return closed


def make_stdout_reliable() -> None:
    """Make stdout write all of a text, and replace characters that the encoding of the locale lacks.

    Without a buffer (PYTHONUNBUFFERED) Python writes once and ignores how much of the text was written.
    """
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return
    if isinstance(stream.buffer, io.RawIOBase):
        sys.stdout = stream = os.fdopen(stream.fileno(), "w", buffering=1, encoding=stream.encoding, closefd=False)
    stream.reconfigure(errors="replace")


def write_all(stream: BinaryIO, data: memoryview) -> None:
    """Write all data. A stream without a buffer may write only a part and return its size.

    Raises:
        OSError: the stream cannot be written to.
    """
    at = 0
    while at < len(data):
        size = stream.write(data[at:])
        if size is None:
            raise BlockingIOError("it takes nothing now, and does not wait")
        at += size
    stream.flush()
