"""Directories of a TIFF and their entries (TIFF 6.0, section 2; BigTIFF)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt
from shield_core.image.limits import MAX_CHUNKS

TYPE_SIZES: Final = {
    1: 1,
    2: 1,
    3: 2,
    4: 4,
    5: 8,
    6: 1,
    7: 1,
    8: 2,
    9: 4,
    10: 8,
    11: 4,
    12: 8,
    13: 4,
    16: 8,
    17: 8,
    18: 8,
}
"""Bytes of a value, by field type."""

_WHOLE_NUMBERS = {1: "u1", 3: "u2", 4: "u4", 13: "u4", 16: "u8", 18: "u8"}
# The values of all entries together may have this many times the bytes of the file: pages may share some values, but in
# a hostile file every entry points at all of its 50 MB.
_SHARING = 4
_BIG_VERSION = 43


@dataclass(frozen=True, slots=True)
class TiffStyle:
    """Byte order (`<` or `>`), and whether offsets have 8 bytes."""

    order: str
    big: bool

    @property
    def entry_size(self) -> int:
        """The bytes of an entry."""
        return 20 if self.big else 12

    @property
    def offset_format(self) -> str:
        """The format of an offset for `struct`."""
        return self.order + ("Q" if self.big else "I")


@dataclass(frozen=True, slots=True)
class Entry:
    """A field of a directory: its unchanged description, and the position of its values."""

    tag: int
    kind: int
    count: int
    raw: bytes
    start: int
    size: int


@dataclass(frozen=True, slots=True)
class Directory:
    """The fields of a directory, the offset of the next directory, and its own position.

    `whole` means that the entries have every field: none has an unknown type, is empty, or repeats a tag.
    """

    entries: dict[int, Entry]
    following: int
    span: tuple[int, int]
    whole: bool

    @property
    def spans(self) -> list[tuple[int, int]]:
        """List the positions of the directory and its values, each as start and end."""
        return [self.span, *((entry.start, entry.start + entry.size) for entry in self.entries.values())]

    @property
    def end(self) -> int:
        """Find its end in the file, including its values."""
        return max(end for _, end in self.spans)


@dataclass(slots=True)
class TagReader:
    """Reads directories of one file, but not more than a file of its size can hold."""

    view: memoryview
    style: TiffStyle
    entries_left: int = MAX_CHUNKS
    values_left: int = field(init=False)

    def __post_init__(self) -> None:
        self.values_left = _SHARING * len(self.view)

    def directory(self, offset: int) -> Directory:
        """Read the directory at an offset. The first of duplicate tags counts; unknown types are skipped.

        Raises:
            ImageCorrupt: it is outside the file, or has more entries or values than the file can hold.
        """
        head = "Q" if self.style.big else "H"
        (count,) = self._unpack(head, offset)
        start = offset + struct.calcsize(head)
        end = start + count * self.style.entry_size
        (following,) = self._unpack("Q" if self.style.big else "I", end)
        self.entries_left -= count
        if self.entries_left < 0:
            raise ImageCorrupt(f"the TIFF has more than {MAX_CHUNKS} entries")
        entries: dict[int, Entry] = {}
        for entry in self._entries(start, count):
            entries.setdefault(entry.tag, entry)
        behind = end + struct.calcsize(self.style.offset_format)
        return Directory(entries, following, (offset, behind), whole=len(entries) == count)

    def numbers(self, entry: Entry) -> NDArray[np.unsignedinteger[Any]]:
        """Read the values of an entry of whole numbers, without copying them.

        Raises:
            ImageCorrupt: the values are not whole numbers.
        """
        if entry.kind not in _WHOLE_NUMBERS:
            raise ImageCorrupt(f"the TIFF tag {entry.tag} is no number")
        dtype = np.dtype(self.style.order + _WHOLE_NUMBERS[entry.kind])
        return np.frombuffer(self.view, dtype, entry.count, entry.start)

    def number(self, directory: Directory, tag: int, default: int) -> int:
        """Read the first value of a tag, or return the default if it is missing.

        Raises:
            ImageCorrupt: the value is not a whole number.
        """
        entry = directory.entries.get(tag)
        return default if entry is None else int(self.numbers(entry)[0])

    def value(self, entry: Entry) -> memoryview:
        """Return the bytes of an entry's values, without copying them."""
        return self.view[entry.start : entry.start + entry.size]

    def _entries(self, start: int, count: int) -> Iterator[Entry]:
        size = self.style.entry_size
        room = 8 if self.style.big else 4
        for at in range(start, start + count * size, size):
            tag, kind, number = self._unpack("HHQ" if self.style.big else "HHI", at)
            length = TYPE_SIZES.get(kind, 0) * number
            if not length:
                continue
            place = at + size - room
            if length > room:
                (place,) = self._unpack("Q" if self.style.big else "I", place)
            self.values_left -= length
            if place + length > len(self.view) or self.values_left < 0:
                raise ImageCorrupt(f"the TIFF is cut off in its tag {tag}")
            yield Entry(tag, kind, number, bytes(self.view[at : at + size]), place, length)

    def _unpack(self, form: str, at: int) -> tuple[int, ...]:
        if at + struct.calcsize(self.style.order + form) > len(self.view):
            raise ImageCorrupt("the TIFF is cut off in a directory")
        return struct.unpack_from(self.style.order + form, self.view, at)


def read_style(view: memoryview) -> tuple[TiffStyle, int]:
    """Read the header: the style, and the offset of the first directory.

    Raises:
        ImageCorrupt: cut off.
    """
    order = "<" if bytes(view[:2]) == b"II" else ">"
    style = TiffStyle(order, big=struct.unpack_from(order + "H", view, 2) == (_BIG_VERSION,))
    start = 8 if style.big else 4
    if len(view) < start + struct.calcsize(style.offset_format):
        raise ImageCorrupt("the TIFF is cut off in its header")
    (first,) = struct.unpack_from(style.offset_format, view, start)
    return style, first
