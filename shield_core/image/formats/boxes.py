"""Box-based files: HEIF, HEIC, AVIF and CR3 (ISO/IEC 14496-12 and 23008-12), and JPEG XL (ISO/IEC 18181-2)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from shield_core.errors import ImageCorrupt
from shield_core.image.limits import MAX_CHUNKS

BRANDS: Final = {
    **dict.fromkeys((b"avif", b"avis"), "image/avif"),
    **dict.fromkeys((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"), "image/heic"),
    **dict.fromkeys((b"mif1", b"mif2", b"msf1"), "image/heif"),
    b"crx ": "image/x-canon-cr3",
}
"""The brands of an ftyp box that name a picture; with `mif1`, the compatible brands take precedence."""

_GENERAL = "image/heif"
_HEAD, _LARGE_HEAD = 8, 16
_FULL = 4  # version and flags of a full box
_NESTING = (b"meta", b"iprp", b"ipco")
_SIZE = 12


@dataclass(frozen=True, slots=True)
class Box:
    """A box of a file: its type and its content."""

    name: bytes
    body: memoryview


def brand_of(view: memoryview) -> str | None:
    """Return the media type that the ftyp box at the start of a file names, or None for any other kind of media."""
    if bytes(view[4:8]) != b"ftyp":
        return None
    end = min(int.from_bytes(view[:4], "big"), len(view), 1024)
    brands = [bytes(view[at : at + 4]) for at in (8, *range(16, end - 3, 4))]
    named = [BRANDS[brand] for brand in brands if brand in BRANDS]
    if not named or brands[0] not in BRANDS:
        return None
    return named[0] if named[0] != _GENERAL else next((name for name in named if name != _GENERAL), _GENERAL)


def read_boxes(view: memoryview) -> Iterator[Box]:
    """Read the boxes of a file or of a box, one after the other, without those inside them.

    Raises:
        ImageCorrupt: a box exceeds the data that holds it, or there are too many.
    """
    at = 0
    for _ in range(MAX_CHUNKS):
        if at + _HEAD > len(view):
            return
        size, name = int.from_bytes(view[at : at + 4], "big"), bytes(view[at + 4 : at + 8])
        start = at + _HEAD
        if size == 1:
            size, start = int.from_bytes(view[start : at + _LARGE_HEAD], "big"), at + _LARGE_HEAD
        end = at + size if size else len(view)
        if not name.isascii() or end < start:
            return  # bytes after the last box: phones append their own data
        if end > len(view):
            raise ImageCorrupt(f"the file is cut off in its box {name.decode()}")
        yield Box(name, view[start:end])
        at = end
    raise ImageCorrupt(f"the file has more than {MAX_CHUNKS} boxes")


def largest_picture(view: memoryview) -> tuple[int, int]:
    """Find the size of the largest picture that a HEIF file describes; the others are tiles and thumbnails.

    Returns:
        Width and height in pixels, as stored; 0 and 0 if the file describes none.

    Raises:
        ImageCorrupt: as `read_boxes`.
    """
    level = list(read_boxes(view))
    for name in _NESTING:
        inside = (box.body[_FULL:] if name == b"meta" else box.body for box in level if box.name == name)
        level = [box for body in inside for box in read_boxes(body)]
    sizes = [
        (int.from_bytes(box.body[4:8], "big"), int.from_bytes(box.body[8:12], "big"))
        for box in level
        if box.name == b"ispe" and len(box.body) >= _SIZE
    ]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))
