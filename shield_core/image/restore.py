import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt, PayloadInvalid
from shield_core.image.bmp_write import write_bmp
from shield_core.image.facts import MEDIA_TYPES, SAMPLE_KINDS
from shield_core.image.framing import FRAME_MODE, unframe
from shield_core.image.intake import sniff
from shield_core.image.names import harmless_name, with_suffix_of
from shield_core.image.payload import Layout
from shield_core.image.png_walk import KEPT as KEPT_CHUNKS
from shield_core.image.png_write import write_png
from shield_core.image.regions import Region, hash_pixels
from shield_core.image.tiff_pages import EXIF, GPS, INTEROPERABILITY
from shield_core.image.tiff_tags import TYPE_SIZES
from shield_core.image.tiff_walk import KEPT as KEPT_TAGS
from shield_core.image.tiff_walk import KeptTag
from shield_core.image.tiff_write import write_tiff
from shield_core.keys.canonical import b64decode
from shield_core.progress import Advance, nothing

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SOURCE = {"bit_depth", "file_name", "format", "mode", "rebuild"}

_REBUILT_AS = {"PNG": {"PNG", "JPEG", "WEBP"}, "BMP": {"BMP"}, "TIFF": {"TIFF"}}
"""The formats of the original that come back in each."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A file as it comes back; `file_name` is harmless, never empty, and promises what the file is."""

    data: bytes
    media_type: str
    file_name: str
    layout: Layout


@dataclass(frozen=True, slots=True)
class _Geometry:
    width: int
    height: int
    bit_depth: int
    color_type: int


def restore(
    samples: NDArray[np.uint8],
    metadata: Mapping[str, Any],
    *,
    layout: Layout,
    width: int,
    height: int,
    bit_depth: int,
    color_type: int,
    regions: Sequence[Region] = (),
    progress: Advance = nothing,
) -> Restored:
    """Turn decrypted samples into the file, in the format it had; a JPEG or WebP taken as pixels comes back as PNG.

    Args:
        samples: Shape (width · height, bytes per pixel), uint8.
        metadata: The metadata object; of it `payload_sha256`, `original_sha256` and `source` are read.
        layout: `pixels` or `file`, of the encrypted image.
        width: Pixels, of the encrypted image.
        height: Pixels, of the encrypted image.
        bit_depth: Of the encrypted image.
        color_type: PNG's, of the encrypted image.
        regions: the only parts that were encrypted, or none where everything was.
        progress: Told the bytes of samples compressed; a file that is only copied is not worth a word.

    Returns:
        The file: the identical one for `file`, one with the same pixels and metadata for `pixels`.

    Raises:
        PayloadInvalid: samples or metadata are not what `payload.build` made.
    """
    geometry = _Geometry(width, height, bit_depth, color_type)
    try:
        _check_samples(samples, metadata, geometry, regions)
        source = _keys(metadata["source"], _SOURCE)
        if layout is Layout.FILE:
            return _restore_file(samples, source, metadata, geometry)
        return _restore_pixels(samples, source, geometry, progress)
    except (KeyError, TypeError, ValueError, ImageCorrupt) as error:
        # The metadata are authentic, so whoever made them had the key: a writer with a fault, or one with bad intent.
        raise PayloadInvalid("the metadata do not describe a file") from error


def _check_samples(
    samples: NDArray[np.uint8], metadata: Mapping[str, Any], geometry: _Geometry, regions: Sequence[Region]
) -> None:
    if len(samples) != geometry.width * geometry.height:
        raise PayloadInvalid("the samples are not as many as the picture has")
    if hash_pixels(samples, regions, width=geometry.width) != _digest(metadata["payload_sha256"]):
        raise PayloadInvalid("the samples are not those that were encrypted")
    _digest(metadata["original_sha256"])


def _restore_file(
    samples: NDArray[np.uint8], source: Mapping[str, Any], metadata: Mapping[str, Any], geometry: _Geometry
) -> Restored:
    _check_mode(samples, FRAME_MODE, geometry)
    data = bytes(unframe(samples, width=geometry.width, height=geometry.height))
    if hashlib.sha256(data).hexdigest() != metadata["original_sha256"]:
        raise PayloadInvalid("the file is not the one that was encrypted")
    if source["rebuild"] is not None or sniff(data) != source["format"]:
        raise PayloadInvalid("the file is not of the format that the metadata name")
    return _restored(data, source["format"], source, Layout.FILE)


def _restore_pixels(
    samples: NDArray[np.uint8], source: Mapping[str, Any], geometry: _Geometry, progress: Advance
) -> Restored:
    _check_mode(samples, source["mode"], geometry)
    rebuild = source["rebuild"]
    if source["format"] not in _REBUILT_AS[rebuild["as"]]:
        raise PayloadInvalid("the file is not rebuilt in the format that the metadata name")
    writers: dict[str, Callable[[NDArray[np.uint8], Mapping[str, Any], _Geometry], bytes]]
    writers = {"PNG": partial(_rebuild_png, progress=progress), "BMP": _rebuild_bmp, "TIFF": _rebuild_tiff}
    return _restored(writers[rebuild["as"]](samples, rebuild, geometry), rebuild["as"], source, Layout.PIXELS)


def _restored(data: bytes, format_name: str, source: Mapping[str, Any], layout: Layout) -> Restored:
    name = harmless_name(_text(source["file_name"]) if source["file_name"] is not None else None)
    media_type = MEDIA_TYPES[format_name]
    return Restored(data=data, media_type=media_type, file_name=with_suffix_of(name, media_type), layout=layout)


def _check_mode(samples: NDArray[np.uint8], mode: str, geometry: _Geometry) -> None:
    kind = SAMPLE_KINDS[mode]
    if (kind.bit_depth, kind.color_type) != (geometry.bit_depth, geometry.color_type):
        raise PayloadInvalid("the samples are not of the mode that the metadata name")
    if samples.shape[1:] != (kind.bytes_per_pixel,):
        raise PayloadInvalid("the samples are not of the size of their mode")


def _rebuild_png(
    samples: NDArray[np.uint8], rebuild: Mapping[str, Any], geometry: _Geometry, *, progress: Advance
) -> bytes:
    places: dict[str, list[tuple[bytes, bytes]]] = {"before": [], "after": []}
    for chunk in _keys(rebuild, {"as", "chunks"})["chunks"]:
        _keys(chunk, {"data_b64", "place", "type"})
        name = _text(chunk["type"]).encode()
        if name not in KEPT_CHUNKS:
            raise PayloadInvalid("a chunk that is never kept")
        places[chunk["place"]].append((name, b64decode(chunk["data_b64"])))
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


def _rebuild_bmp(samples: NDArray[np.uint8], rebuild: Mapping[str, Any], geometry: _Geometry) -> bytes:
    header = b64decode(_keys(rebuild, {"as", "header_b64"})["header_b64"])
    return write_bmp(samples, header, width=geometry.width, height=geometry.height)


def _rebuild_tiff(samples: NDArray[np.uint8], rebuild: Mapping[str, Any], geometry: _Geometry) -> bytes:
    _keys(rebuild, {"as", "order", "packed", "tags"})
    if not isinstance(rebuild["packed"], bool):
        raise PayloadInvalid("packed is yes or no")
    return write_tiff(
        samples,
        width=geometry.width,
        height=geometry.height,
        bit_depth=geometry.bit_depth,
        order=rebuild["order"],
        packed=rebuild["packed"],
        tags=_read_tags(rebuild["tags"], None),
    )


def _read_tags(tags: Any, parent: int | None) -> tuple[KeptTag, ...]:
    read = tuple(_read_tag(tag, parent) for tag in tags)
    numbers = [tag.tag for tag in read]
    if numbers != sorted(set(numbers)) or (parent is None and not KEPT_TAGS.issuperset(numbers)):
        raise PayloadInvalid("tags that stand twice, or are never kept")
    return read


def _read_tag(tag: Mapping[str, Any], parent: int | None) -> KeptTag:
    number = _whole(tag["tag"], 2**16)
    if number in _DIRECTORIES.get(parent, ()):
        return KeptTag(number, tags=_read_tags(_keys(tag, {"tag", "tags"})["tags"], number))
    _keys(tag, {"count", "tag", "type", "value_b64"})
    value = b64decode(tag["value_b64"])
    kind, count = _whole(tag["type"], 256), _whole(tag["count"], 2**32)
    if not value or TYPE_SIZES.get(kind, 0) * count != len(value):
        raise PayloadInvalid("a tag of another length than its values")
    return KeptTag(number, kind, count, value)


_DIRECTORIES: dict[int | None, frozenset[int]] = {None: frozenset({EXIF, GPS}), EXIF: frozenset({INTEROPERABILITY})}


def _keys(value: Any, keys: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict) or value.keys() != keys:
        raise PayloadInvalid("keys that do not belong, or are missing")
    return value


def _digest(value: Any) -> str:
    if not _SHA256.fullmatch(value):
        raise PayloadInvalid("not a SHA-256")
    return str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise PayloadInvalid("not a text")
    return value


def _whole(value: Any, limit: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < limit:
        raise PayloadInvalid("not a number of this kind")
    return value
