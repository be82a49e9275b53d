"""Rebuilding of a PNG, BMP or TIFF from its pixels and the metadata's `rebuild` (docs/reference/format.md, "Source").

That object is authentic but not trusted: anyone who has a key can write one.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import PayloadInvalid
from shield_core.image.formats.bmp_write import write_bmp
from shield_core.image.formats.png_walk import KEPT as KEPT_CHUNKS
from shield_core.image.formats.png_write import write_png
from shield_core.image.formats.tiff_losses import DIRECTORIES
from shield_core.image.formats.tiff_losses import KEPT as KEPT_TAGS
from shield_core.image.formats.tiff_tags import TYPE_SIZES
from shield_core.image.formats.tiff_walk import KeptTag
from shield_core.image.formats.tiff_write import write_tiff
from shield_core.image.limits import MAX_CHUNKS, MAX_TIFF_ENTRIES
from shield_core.image.values import boolean, items, keys, text, whole
from shield_core.keys.canonical import b64decode
from shield_core.progress import Advance, nothing

_ALL: Final = frozenset({"L", "I;16", "RGB", "LA", "RGBA"})
_MODES: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("PNG", "PNG"): _ALL,
    ("JPEG", "PNG"): frozenset({"L", "RGB"}),
    ("WEBP", "PNG"): frozenset({"RGB", "RGBA"}),
    ("BMP", "BMP"): frozenset({"L", "RGB"}),
    ("TIFF", "TIFF"): _ALL,
}
"""The modes that each pair of original and restored format supports."""

_OWN_ENTRIES = 12
_PLACES = ("before", "after")


@dataclass(frozen=True, slots=True)
class Geometry:
    """The form of the samples in the header."""

    width: int
    height: int
    bit_depth: int
    color_type: int


def rebuild(
    samples: NDArray[np.uint8], source: Mapping[str, Any], geometry: Geometry, *, progress: Advance = nothing
) -> tuple[bytes, str]:
    """Rebuild the file of the layout `pixels`.

    Args:
        samples: Shape (pixels, bytes per pixel), uint8, of the mode that `source` names.
        source: the object of the metadata.
        geometry: of the encrypted image.
        progress: called with the bytes of samples compressed.

    Returns:
        The file, and its format: PNG, BMP or TIFF.

    Raises:
        PayloadInvalid: the object does not describe such a file.
        ImageCorrupt: the header of a BMP describes another picture.
    """
    description = source["rebuild"]
    name = text(description["as"])
    if source["mode"] not in _MODES.get((source["format"], name), frozenset()):
        raise PayloadInvalid("the file does not come back in this format, or not with such samples")
    writers: dict[str, Callable[[NDArray[np.uint8], Mapping[str, Any], Geometry], bytes]]
    writers = {"PNG": partial(_rebuild_png, progress=progress), "BMP": _rebuild_bmp, "TIFF": _rebuild_tiff}
    return writers[name](samples, description, geometry), name


def _rebuild_png(
    samples: NDArray[np.uint8], description: Mapping[str, Any], geometry: Geometry, *, progress: Advance
) -> bytes:
    places: dict[str, list[tuple[bytes, bytes]]] = {place: [] for place in _PLACES}
    for chunk in items(keys(description, {"as", "chunks"})["chunks"], MAX_CHUNKS):
        keys(chunk, {"data_b64", "place", "type"})
        name = text(chunk["type"]).encode()
        if name not in KEPT_CHUNKS:
            raise PayloadInvalid("a chunk that is never kept")
        places[text(chunk["place"])].append((name, b64decode(chunk["data_b64"])))
    return write_png(
        samples,
        width=geometry.width,
        height=geometry.height,
        bit_depth=geometry.bit_depth,
        color_type=geometry.color_type,
        before=places["before"],
        after=places["after"],
        progress=progress,
    )


def _rebuild_bmp(samples: NDArray[np.uint8], description: Mapping[str, Any], geometry: Geometry) -> bytes:
    header = b64decode(keys(description, {"as", "header_b64"})["header_b64"])
    return write_bmp(samples, header, width=geometry.width, height=geometry.height)


def _rebuild_tiff(samples: NDArray[np.uint8], description: Mapping[str, Any], geometry: Geometry) -> bytes:
    keys(description, {"as", "order", "packed", "tags"})
    return write_tiff(
        samples,
        width=geometry.width,
        height=geometry.height,
        bit_depth=geometry.bit_depth,
        order=text(description["order"]),
        packed=boolean(description["packed"]),
        tags=_read_tags(description["tags"], None),
    )


def _read_tags(tags: object, parent: int | None) -> tuple[KeptTag, ...]:
    limit = MAX_TIFF_ENTRIES - (_OWN_ENTRIES if parent is None else 0)
    read = tuple(_read_tag(tag, parent) for tag in items(tags, limit))
    numbers = [tag.tag for tag in read]
    if numbers != sorted(set(numbers)) or (parent is None and not KEPT_TAGS.issuperset(numbers)):
        raise PayloadInvalid("tags that occur twice, or are never kept")
    return read


def _read_tag(tag: Mapping[str, Any], parent: int | None) -> KeptTag:
    number = whole(tag["tag"], 2**16)
    if number in DIRECTORIES[parent]:
        return KeptTag(number, tags=_read_tags(keys(tag, {"tag", "tags"})["tags"], number))
    keys(tag, {"count", "tag", "type", "value_b64"})
    value = b64decode(tag["value_b64"])
    kind, count = whole(tag["type"], 256), whole(tag["count"], 2**32)
    if not value or TYPE_SIZES.get(kind, 0) * count != len(value) or number in DIRECTORIES:
        raise PayloadInvalid("a tag of another length than its values, or a directory where none is kept")
    return KeptTag(number, kind, count, value)
