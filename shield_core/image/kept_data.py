"""The data that is kept of a file beside its pixels, as plain values with a canonical JSON form."""

import zlib
from collections.abc import Iterable
from typing import Any

from shield_core.image.formats.bmp_walk import BmpWalk
from shield_core.image.formats.jpeg_walk import JpegWalk
from shield_core.image.formats.png_walk import PngWalk
from shield_core.image.formats.tiff_walk import KeptTag, TiffWalk
from shield_core.image.formats.webp_walk import WebpWalk
from shield_core.image.intake import AnyWalk
from shield_core.image.limits import MAX_KEPT
from shield_core.image.undecoded import OtherWalk
from shield_core.keys.canonical import b64encode

Chunks = list[tuple[str, bytes, memoryview | bytes]]
"""Place ("before" or "after" the image data), type and data of PNG chunks."""

_INCHES_IN_10_KM = 393_701  # 10 000 m / 0.0254 m
_ASPECT, _PER_INCH, _PER_CM = 0, 1, 2


def keep(walk: AnyWalk) -> dict[str, Any] | None:
    """Describe how to rebuild the file from its pixels.

    Args:
        walk: The walk over the file.

    Returns:
        `as`, the format of the rebuilt file, and the data to rebuild it with; None if this does not fit the metadata.
    """
    match walk:
        case BmpWalk():
            return {"as": "BMP", "header_b64": b64encode(walk.header())}
        case TiffWalk():
            order = "II" if walk.style.order == "<" else "MM"
            return {"as": "TIFF", "order": order, "packed": walk.packed, "tags": [_tag(tag) for tag in walk.kept]}
        case PngWalk():
            chunks: Chunks = [(place, c.name, walk.view[c.start : c.end]) for place, c in walk.kept()]
        case JpegWalk() | WebpWalk():
            chunks = _as_chunks(walk)
        case OtherWalk():
            return None
    if sum(64 + (len(data) + 2) // 3 * 4 for _, _, data in chunks) > MAX_KEPT:
        return None
    return {"as": "PNG", "chunks": [_chunk(*chunk) for chunk in chunks]}


def _chunk(place: str, name: bytes, data: memoryview | bytes) -> dict[str, Any]:
    return {"data_b64": b64encode(bytes(data)), "place": place, "type": name.decode()}


def _tag(tag: KeptTag) -> dict[str, Any]:
    if not tag.kind:
        return {"tag": tag.tag, "tags": [_tag(inner) for inner in tag.tags]}
    return {"tag": tag.tag, "type": tag.kind, "count": tag.count, "value_b64": b64encode(bytes(tag.value))}


def _as_chunks(walk: JpegWalk | WebpWalk) -> Chunks:
    """Write the metadata of a JPEG or WebP as chunks of the PNG that it is restored as."""
    chunks: Chunks = []
    if walk.icc:
        chunks.append(("before", b"iCCP", b"ICC profile\x00\x00" + zlib.compress(walk.icc)))
    if isinstance(walk, JpegWalk) and walk.density:
        chunks.extend(_density(*walk.density))
    if walk.exif:
        chunks.append(("before", b"eXIf", walk.exif))
    return chunks


def _density(unit: int, across: int, down: int) -> Iterable[tuple[str, bytes, bytes]]:
    """Write JFIF's density as pHYs: pixels per meter, or only their aspect ratio."""
    if not across or not down or unit not in {_ASPECT, _PER_INCH, _PER_CM}:
        return
    if unit == _PER_INCH:
        across, down = (round(dots * _INCHES_IN_10_KM / 10_000) for dots in (across, down))
    elif unit == _PER_CM:
        across, down = 100 * across, 100 * down
    yield "before", b"pHYs", across.to_bytes(4, "big") + down.to_bytes(4, "big") + bytes([unit != _ASPECT])
