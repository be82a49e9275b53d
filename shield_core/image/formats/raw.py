"""Recognition of raw camera pictures, most of which share the structure of a TIFF (TIFF/EP; DNG 1.7)."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from shield_core.errors import ImageCorrupt
from shield_core.image.formats.tiff_pages import SUB_IMAGES
from shield_core.image.formats.tiff_tags import Directory, TagReader, TiffStyle, read_style

DNG: Final = "image/x-adobe-dng"
CR2: Final = "image/x-canon-cr2"
UNNAMED: Final = "image/x-dcraw"

_MAKERS = {
    b"NIKON": "image/x-nikon-nef",
    b"SONY": "image/x-sony-arw",
    b"PENTAX": "image/x-pentax-pef",
    b"RICOH": "image/x-pentax-pef",
    b"SAMSUNG": "image/x-samsung-srw",
    b"OLYMPUS": "image/x-olympus-orf",
    b"PANASONIC": "image/x-panasonic-rw2",
}
_DNG_VERSION, _MAKE, _COMPRESSION, _PHOTOMETRIC = 50706, 271, 259, 262
_FILTER_PATTERN = frozenset({33421, 33422})
_SENSOR = frozenset({32803, 34892})  # color filter array, linear raw
_PACKINGS = frozenset({32767, 32769, 32770, 34713, 65535})  # Sony, packed, Samsung, Nikon, Pentax
_MOST_DIRECTORIES = 16


def raw_media_type(view: memoryview) -> str | None:
    """Return the media type of a raw camera picture with the magic bytes of a TIFF, or None for any other file.

    Args:
        view: the whole file.
    """
    if len(view) < 16:  # noqa: PLR2004 - the header of a BigTIFF
        return None
    if bytes(view[:4]) == b"II*\x00" and bytes(view[8:10]) == b"CR":
        return CR2
    with suppress(ImageCorrupt):
        style, first = read_style(view)
        reader = TagReader(view, style)
        directories = list(_directories(reader, first))
        if _DNG_VERSION in directories[0].entries:
            return DNG
        if any(_is_of_sensor(reader, directory) for directory in directories):
            return _MAKERS.get(_maker(reader, directories[0]), UNNAMED)
    return None


def largest_page(view: memoryview) -> tuple[int, int]:
    """Find the size of the largest picture among the directories; the others are previews.

    Returns:
        Width and height in pixels; 0 and 0 where none is described.
    """
    sizes = [(0, 0)]
    with suppress(ImageCorrupt):
        style, first = read_style(view)
        reader = TagReader(view, TiffStyle(style.order, big=style.big))
        for directory in _directories(reader, first):
            with suppress(ImageCorrupt):
                sizes.append((reader.number(directory, 256, 0), reader.number(directory, 257, 0)))
    return max(sizes, key=lambda size: size[0] * size[1])


def _directories(reader: TagReader, offset: int) -> Iterator[Directory]:
    """Read the pages and the directories inside them; raise ImageCorrupt if the first cannot be read."""
    waiting = [offset]
    yielded = 0
    while waiting and yielded < _MOST_DIRECTORIES:
        try:
            directory = reader.directory(waiting.pop(0))
        except ImageCorrupt:
            if not yielded:
                raise
            continue
        yielded += 1
        yield directory
        inside = directory.entries.get(SUB_IMAGES)
        with suppress(ImageCorrupt):
            waiting += reader.numbers(inside)[:_MOST_DIRECTORIES].tolist() if inside else []
        waiting += [directory.following] if directory.following else []


def _is_of_sensor(reader: TagReader, directory: Directory) -> bool:
    with suppress(ImageCorrupt):
        return (
            bool(_FILTER_PATTERN & directory.entries.keys())
            or reader.number(directory, _PHOTOMETRIC, 0) in _SENSOR
            or reader.number(directory, _COMPRESSION, 1) in _PACKINGS
        )
    return False


def _maker(reader: TagReader, directory: Directory) -> bytes:
    entry = directory.entries.get(_MAKE)
    words = bytes(reader.value(entry)[:64]).upper().replace(b"\x00", b" ").split() if entry is not None else []
    return words[0] if words else b""
