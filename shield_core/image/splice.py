"""Parts of a file that are read as one file, so that decoders never see the other parts."""

import io
from bisect import bisect_right
from itertools import accumulate
from typing import Final

from shield_core.image.facts import Pieces, Writable
from shield_core.progress import Advance, nothing

_BUFFER: Final = 1 << 16


class SplicedFile(io.RawIOBase):
    """Parts of one or more buffers, read as one file without copying them together.

    Decoders get only the parts that make pixels. The other data of a file (EXIF, text, profiles) never reaches their
    parsers, which use excessive memory for it: a 110-kB PNG with `getexif()` takes 860 MB.
    """

    def __init__(self, pieces: Pieces, progress: Advance = nothing) -> None:
        """Take the pieces in reading order, and a function that receives the number of bytes read."""
        super().__init__()
        self._progress = progress
        self._pieces = [piece for piece in pieces if len(piece)]
        self._starts = list(accumulate((len(piece) for piece in self._pieces), initial=0))
        self._size = self._starts[-1]
        self._at = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position, in bytes from the start."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position; one past the end reads nothing.

        Raises:
            ValueError: a position before the start.
        """
        at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if at < 0:
            raise ValueError("a position before the start")
        self._at = at
        return at

    def readinto(self, target: Writable, /) -> int:
        """Fill a buffer from the position on; return the number of bytes read."""
        room = memoryview(target).cast("B")
        done = 0
        while done < len(room) and self._at < self._size:
            index = bisect_right(self._starts, self._at) - 1
            start = self._at - self._starts[index]
            part = self._pieces[index][start : start + len(room) - done]
            room[done : done + len(part)] = part
            done += len(part)
            self._at += len(part)
        self._progress(done)
        return done

    def readall(self) -> bytes:
        """Return everything from the position on, with one copy."""
        parts = []
        for start, piece in zip(self._starts, self._pieces, strict=False):
            parts.append(piece[max(0, self._at - start) :])
        self._at = max(self._at, self._size)
        self._progress(sum(map(len, parts)))
        return b"".join(parts)


def spliced(pieces: Pieces, progress: Advance = nothing) -> io.BufferedReader:
    """Open pieces as one file; buffered, because some decoders read single bytes."""
    return io.BufferedReader(SplicedFile(pieces, progress), _BUFFER)


def merged(view: memoryview, spans: list[tuple[int, int]]) -> list[memoryview]:
    """Slice the spans `(start, end)` of a buffer, in order, joining adjacent ones."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [view[start:end] for start, end in joined]
