"""Formats that are kept as files and not decoded: their first bytes, and where each states its size."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shield_core.errors import ImageCorrupt, UnsupportedFormat
from shield_core.image.formats import boxes, jxl, raw
from shield_core.image.formats.refused import name_of
from shield_core.image.limits import check_size
from shield_core.image.undecoded import OtherWalk, keep_undecoded

Size = tuple[int, int]

_ICON_ENTRY = struct.Struct("<BBBBHHII")
_ICON_HEAD = 6


@dataclass(frozen=True, slots=True)
class Kind:
    """A format: its media type, its name, and the function that reads its size."""

    media_type: str
    name: str
    read_size: Callable[[memoryview], Size]


def walk_other(view: memoryview) -> OtherWalk:
    """Recognize a picture of a format that is not decoded.

    Args:
        view: the whole file; its first bytes are of no decoded format.

    Raises:
        UnsupportedFormat: not an accepted picture; the message says what it is, if that is known.
        TooManyPixels: the structure declares more than the limit.
        ImageCorrupt: cut off.
    """
    kind = recognize(view)
    if kind is None:
        raise UnsupportedFormat(name_of(view))
    width, height = kind.read_size(view)
    check_size(width, height)
    return keep_undecoded(kind.name, kind.media_type, width=width, height=height)


def recognize(view: memoryview) -> Kind | None:
    """Return the format of a file that is not decoded, or None."""
    start = bytes(view[:16])
    named = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)
    if named is not None:
        return named
    brand = boxes.brand_of(view)
    if brand is not None:
        return _BRANDS[brand]
    return _ICON if start[:4] in {b"\x00\x00\x01\x00", b"\x00\x00\x02\x00"} and _is_icon(view) else None


def walk_raw(view: memoryview) -> OtherWalk | None:
    """Recognize a camera's raw picture among the files that start like a TIFF; None for any other.

    Raises:
        TooManyPixels: a directory declares more than the limit.
    """
    media_type = raw.raw_media_type(view)
    if media_type is None:
        return None
    width, height = raw.largest_page(view)
    check_size(width, height)
    return keep_undecoded(_RAW_NAMES[media_type], media_type, width=width, height=height)


def _no_size(_: memoryview) -> Size:
    return 0, 0


def _size_of_heif(view: memoryview) -> Size:
    names = {box.name for box in boxes.read_boxes(view)}
    if not names & {b"meta", b"moov"}:
        raise ImageCorrupt("the file describes no picture")
    return boxes.largest_picture(view)


def _size_of_cr3(view: memoryview) -> Size:
    if all(box.name != b"moov" for box in boxes.read_boxes(view)):
        raise ImageCorrupt("the file describes no picture")
    return 0, 0


def _size_of_gif(view: memoryview) -> Size:
    width, height = struct.unpack_from("<HH", _demand(view, 13, "GIF"), 6)
    return width, height


def _size_of_psd(view: memoryview) -> Size:
    height, width = struct.unpack_from(">II", _demand(view, 26, "Photoshop document"), 14)
    return width, height


def _size_of_icon(view: memoryview) -> Size:
    (count,) = struct.unpack_from("<H", view, 4)
    sizes = [_ICON_ENTRY.unpack_from(view, _ICON_HEAD + index * _ICON_ENTRY.size)[:2] for index in range(count)]
    return max(((width or 256, height or 256) for width, height in sizes), key=lambda size: size[0] * size[1])


def _is_icon(view: memoryview) -> bool:
    """Recognize an icon by its whole directory: many other files start with the same four bytes."""
    count = int.from_bytes(view[4:6], "little")
    behind = _ICON_HEAD + count * _ICON_ENTRY.size
    if not count or behind > len(view):
        return False
    entries = _ICON_ENTRY.iter_unpack(view[_ICON_HEAD:behind])
    return all(size and behind <= offset <= len(view) - size for *_, size, offset in entries)


def _demand(view: memoryview, size: int, name: str) -> memoryview:
    if len(view) < size:
        raise ImageCorrupt(f"the {name} is cut off in its header")
    return view


_HEIF_NAMES = {"image/avif": "an AVIF picture", "image/heic": "a HEIC picture", "image/heif": "a HEIF picture"}
_BRANDS: Final = {
    **{media_type: Kind(media_type, name, _size_of_heif) for media_type, name in _HEIF_NAMES.items()},
    "image/x-canon-cr3": Kind("image/x-canon-cr3", "a Canon CR3 raw picture", _size_of_cr3),
}
_GIF = Kind("image/gif", "a GIF", _size_of_gif)
_JXL = Kind("image/jxl", "a JPEG XL picture", jxl.read_size)
_PSD = Kind("image/vnd.adobe.photoshop", "a Photoshop document", _size_of_psd)
_ORF = Kind("image/x-olympus-orf", "an Olympus raw picture", raw.largest_page)
_ICON: Final = Kind("image/vnd.microsoft.icon", "an icon", _size_of_icon)
_MAGIC: Final = {
    b"GIF87a": _GIF,
    b"GIF89a": _GIF,
    jxl.CODESTREAM: _JXL,
    jxl.CONTAINER: _JXL,
    b"8BPS\x00\x01": _PSD,
    b"8BPS\x00\x02": _PSD,
    b"IIRO": _ORF,
    b"IIRS": _ORF,
    b"MMOR": _ORF,
    b"IIU\x00": Kind("image/x-panasonic-rw2", "a Panasonic raw picture", _no_size),
    b"FUJIFILMCCD-RAW": Kind("image/x-fuji-raf", "a Fujifilm raw picture", _no_size),
}
_RAW_NAMES = {
    raw.DNG: "a DNG raw picture",
    raw.CR2: "a Canon CR2 raw picture",
    raw.UNNAMED: "a camera's raw picture",
    "image/x-nikon-nef": "a Nikon raw picture",
    "image/x-sony-arw": "a Sony raw picture",
    "image/x-pentax-pef": "a Pentax raw picture",
    "image/x-samsung-srw": "a Samsung raw picture",
    "image/x-olympus-orf": "an Olympus raw picture",
    "image/x-panasonic-rw2": "a Panasonic raw picture",
}
