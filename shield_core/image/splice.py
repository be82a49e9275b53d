import io
from bisect import bisect_right
from itertools import accumulate

from shield_core.image.facts import Pieces


class SplicedFile(io.RawIOBase):
    """Parts of one or more buffers, read as one file without copying them together.

    Decoders are shown only the parts that make pixels. What else a file carries (EXIF, text, profiles) never reaches
    their parsers, which spend memory on it that is out of all proportion: a 110-kB PNG with `getexif()`, 860 MB.
    """

    def __init__(self, pieces: Pieces) -> None:
        """Take the pieces in the order in which they are read."""
        super().__init__()
        self._pieces = [piece for piece in pieces if len(piece)]
        self._starts = list(accumulate((len(piece) for piece in self._pieces), initial=0))
        self._size = self._starts[-1]
        self._at = 0

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def seekable(self) -> bool:
        """Say that it can be read from anywhere."""
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

    def read(self, size: int | None = -1, /) -> bytes:
        """Return the next `size` bytes, or what is left of them."""
        left = max(0, self._size - self._at)
        want = left if size is None or size < 0 else min(size, left)
        found = []
        index = bisect_right(self._starts, self._at) - 1
        while want:
            start = self._at - self._starts[index]
            part = self._pieces[index][start : start + want]
            found.append(part)
            self._at += len(part)
            want -= len(part)
            index += 1
        return b"".join(found)


def merged(view: memoryview, spans: list[tuple[int, int]]) -> list[memoryview]:
    """Cut spans `(start, end)` of a buffer, in order, joining those that touch."""
    joined: list[tuple[int, int]] = []
    for start, end in spans:
        if joined and joined[-1][1] == start:
            joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return [view[start:end] for start, end in joined]
