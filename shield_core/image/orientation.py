"""Reading of the orientation tag (Exif 2.32, section 4.6.4): the rotation that a viewer applies to a picture.

Pixels are never rotated here. If a user takes coordinates from a viewer that rotates the picture, they are wrong.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Final, Literal

from shield_core.image.formats.bmp_walk import BmpWalk
from shield_core.image.formats.png_walk import PngWalk
from shield_core.image.formats.tiff_tags import TYPE_SIZES
from shield_core.image.formats.tiff_walk import TiffWalk
from shield_core.image.intake import AnyWalk
from shield_core.image.undecoded import OtherWalk

UPRIGHT: Final = 1
"""The pixels are shown as they are stored."""

ORIENTATION_NOT_APPLIED: Final = "orientation-not-applied"
"""Warning: viewers rotate the picture, but regions count in pixels as they are stored."""

_ORIENTATION: Final = 274
_TURNED: Final = range(2, 9)
_PREFIX: Final = b"Exif\x00\x00"  # of a JPEG segment; some programs write it into other formats as well
_HEAD: Final = 8  # mark, version, offset of the first directory
_INLINE: Final = 4  # bytes of a value that is stored in its entry


def read_orientation(walk: AnyWalk) -> int:
    """Return the orientation that viewers apply to a picture, in time linear in its metadata.

    Args:
        walk: the walk over the file. Damaged EXIF is ignored, as viewers do; XMP is ignored, too.

    Returns:
        1 (shown as it is stored) to 8, as in the tag. If the tag occurs twice, the value that rotates: viewers do not
        agree on which one counts.
    """
    return next((value for value in _read_values(walk) if value in _TURNED), UPRIGHT)


def _read_values(walk: AnyWalk) -> Iterable[int]:
    match walk:
        case BmpWalk() | OtherWalk():
            return []
        case TiffWalk():
            order = _byte_order(walk.style.order.encode())
            return [int.from_bytes(tag.value, order) for tag in walk.kept if tag.tag == _ORIENTATION and tag.count == 1]
        case PngWalk():
            exif = [walk.view[chunk.start : chunk.end] for _, chunk in walk.kept() if chunk.name == b"eXIf"]
            return (value for part in exif for value in _read_exif(part))
        case _:
            return _read_exif(memoryview(walk.exif))


def _read_exif(exif: memoryview) -> Iterator[int]:
    """Read the tag from the first directory only, from the value in its entry: no pointer is followed."""
    if bytes(exif[: len(_PREFIX)]) == _PREFIX:
        exif = exif[len(_PREFIX) :]
    if bytes(exif[:4]) not in {b"II*\x00", b"MM\x00*"} or len(exif) < _HEAD:
        return
    order = _byte_order(exif[:1])
    at = int.from_bytes(exif[4:_HEAD], order)
    entry = struct.Struct(("<" if order == "little" else ">") + f"HHI{_INLINE}s")
    first = at + 2
    count = min(int.from_bytes(exif[at:first], order), max(0, len(exif) - first) // entry.size)
    for tag, kind, number, value in entry.iter_unpack(exif[first : first + count * entry.size]):
        if tag == _ORIENTATION and number == 1:
            yield int.from_bytes(value[: TYPE_SIZES.get(kind, 0)], order)


def _byte_order(mark: memoryview | bytes) -> Literal["little", "big"]:
    return "little" if bytes(mark[:1]) in {b"I", b"<"} else "big"
