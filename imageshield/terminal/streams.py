"""The standard streams of this process, made fit to be used: open, and writing all that they are given."""

import io
import os
import sys
from typing import BinaryIO, Final

STREAMS: Final = ("stdin", "stdout", "stderr")
"""By their descriptors."""


def open_closed() -> set[str]:
    """Put /dev/null where a standard stream is closed: the next file to be opened would be taken for it."""
    closed = {name for name in STREAMS if getattr(sys, name) is None}
    for name in closed:
        number, descriptor = STREAMS.index(name), os.open(os.devnull, os.O_RDWR)
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
        setattr(sys, name, os.fdopen(number, "r" if name == "stdin" else "w", closefd=False))
    return closed


def mend_stdout() -> None:
    """Let text on stdout lose no part of itself, and none be refused for the encoding of the locale.

    Without a buffer (PYTHONUNBUFFERED) Python writes once, and does not look how much of it went.
    """
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return
    if isinstance(stream.buffer, io.RawIOBase):
        sys.stdout = stream = os.fdopen(stream.fileno(), "w", buffering=1, encoding=stream.encoding, closefd=False)
    stream.reconfigure(errors="replace")


def write_all(stream: BinaryIO, data: memoryview) -> None:
    """Write all of it: one that has no buffer may take a part, and says how much.

    Raises:
        OSError: it cannot be written to.
    """
    at = 0
    while at < len(data):
        size = stream.write(data[at:])
        if size is None:
            raise BlockingIOError("it takes nothing now, and does not wait")
        at += size
    stream.flush()
