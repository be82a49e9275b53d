"""Examination of an uploaded file without decoding it: limits, magic bytes, and one walk over its structure."""

from collections.abc import Callable, Mapping
from typing import Final

from shield_core.errors import FileTooLarge, ImageEmpty
from shield_core.image.facts import MEDIA_TYPES, Buffer, ImageFacts
from shield_core.image.formats.bmp_walk import HEADER_SIZES, BmpWalk, walk_bmp
from shield_core.image.formats.jpeg_walk import JpegWalk, walk_jpeg
from shield_core.image.formats.others import walk_other, walk_raw
from shield_core.image.formats.png_walk import PngWalk, walk_png
from shield_core.image.formats.tiff_walk import TiffWalk, walk_tiff
from shield_core.image.formats.webp_walk import WebpWalk, walk_webp
from shield_core.image.limits import MAX_BYTES
from shield_core.image.undecoded import NotDecoded, OtherWalk, keep_undecoded

MAGIC: Final[Mapping[bytes, str]] = {
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"BM": "BMP",
    b"II*\x00": "TIFF",
    b"MM\x00*": "TIFF",
    b"II+\x00": "TIFF",
    b"MM\x00+": "TIFF",
    b"RIFF": "WEBP",
}
"""First bytes, and the format that they suggest; `sniff` checks BMP and WebP further."""

SNIFFED: Final = 18
"""The number of bytes that `sniff` needs."""

DecodedWalk = PngWalk | JpegWalk | BmpWalk | TiffWalk | WebpWalk
AnyWalk = DecodedWalk | OtherWalk

_WALKS: Final[Mapping[str, Callable[[memoryview], DecodedWalk]]] = {
    "PNG": walk_png,
    "JPEG": walk_jpeg,
    "BMP": walk_bmp,
    "TIFF": walk_tiff,
    "WEBP": walk_webp,
}


def sniff(prefix: Buffer) -> str | None:
    """Return the format of a file from its first bytes. Its name and media type are ignored.

    Args:
        prefix: The first bytes, at least `SNIFFED` of them if the file has as many.

    Returns:
        PNG, JPEG, BMP, TIFF or WEBP, or None for anything else.
    """
    start = bytes(prefix[:SNIFFED])
    name = next((name for magic, name in MAGIC.items() if start.startswith(magic)), None)
    if name == "BMP" and (len(start) < SNIFFED or int.from_bytes(start[14:18], "little") not in HEADER_SIZES):
        return None
    if name == "WEBP" and start[8:12] != b"WEBP":
        return None
    return name


def examine(data: Buffer) -> ImageFacts:
    """Examine a picture without decoding it, in bounded time.

    Args:
        data: The whole file.

    Returns:
        The facts that its structure states.

    Raises:
        ImageEmpty: no bytes.
        FileTooLarge: more than `MAX_BYTES`.
        UnsupportedFormat: the first bytes are of no accepted format; the message says of which format.
        TooManyPixels: the header declares more than `MAX_FILE_PIXELS`.
        ImageCorrupt: cut off, or not the structure of its format.
    """
    return survey(data).facts


def survey(data: Buffer) -> AnyWalk:
    """Examine a picture as `examine` does, and return the whole result of the walk; it refers to `data`.

    Raises:
        ImageError: as `examine`.
    """
    if not len(data):
        raise ImageEmpty("the file has no bytes")
    if len(data) > MAX_BYTES:
        raise FileTooLarge(f"the file has {len(data):,} bytes; the limit is {MAX_BYTES:,}")
    view = memoryview(data).cast("B").toreadonly()
    name = sniff(view)
    if name is None:
        return walk_other(view)
    if name == "TIFF" and (found := walk_raw(view)) is not None:
        return found
    try:
        return _WALKS[name](view)
    except NotDecoded as error:
        return keep_undecoded(error.reason, MEDIA_TYPES[name], width=error.size[0], height=error.size[1])
