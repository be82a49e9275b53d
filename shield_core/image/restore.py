"""Restoring of the original file from decrypted samples and metadata."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import UNEXPECTED, ImageError, PayloadInvalid
from shield_core.image.facts import MEDIA_TYPES, OTHER, SAMPLE_KINDS, UNKNOWN_MEDIA_TYPE
from shield_core.image.framing import FRAME_MODE, unframe
from shield_core.image.intake import sniff
from shield_core.image.names import harmless_name, with_suffix_of
from shield_core.image.payload import Layout
from shield_core.image.rebuild import Geometry, rebuild
from shield_core.image.regions import Region, hash_pixels
from shield_core.image.suffixes import SUFFIXES
from shield_core.image.values import digest, keys, text, whole
from shield_core.progress import Advance, nothing

_SOURCE = frozenset({"bit_depth", "file_name", "format", "mode", "rebuild"})
_VERSIONS = dict.fromkeys(MEDIA_TYPES, 1) | {OTHER: 2}
_MODE = re.compile(r"[!-~]{1,16}")
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2  # noqa: S105 - no secret
_MEDIA_TYPE = re.compile(f"(?=.{{1,127}}$){_TOKEN}/{_TOKEN}", re.DOTALL)
_DEEPEST = 64


@dataclass(frozen=True, slots=True)
class Restored:
    """A restored file; `file_name` is harmless and not empty, and its suffix is that of the file's type.

    `identical` means that it equals the original byte for byte; with the layout `file` it always does.
    """

    data: bytes
    media_type: str
    file_name: str
    layout: Layout
    identical: bool


def restore(
    samples: NDArray[np.uint8],
    metadata: Mapping[str, Any],
    *,
    layout: Layout,
    width: int,
    height: int,
    bit_depth: int,
    color_type: int,
    version: int = 1,
    regions: Sequence[Region] = (),
    progress: Advance = nothing,
) -> Restored:
    """Turn decrypted samples into the file in its format; a JPEG or WebP taken as pixels is restored as PNG.

    Args:
        samples: Shape (width · height, bytes per pixel), uint8.
        metadata: The metadata object; only `payload_sha256`, `original_sha256` and `source` are read.
        layout: `pixels` or `file`, of the encrypted image.
        width: Pixels, of the encrypted image.
        height: Pixels, of the encrypted image.
        bit_depth: Of the encrypted image.
        color_type: PNG's, of the encrypted image.
        version: of the header: 1, or 2 for a file that was not decoded.
        regions: the only encrypted parts, or none if everything was encrypted.
        progress: Called with the bytes of samples compressed; copying a file is too fast to report.

    Returns:
        The file: the identical one for `file`, one with the same pixels and metadata for `pixels`.

    Raises:
        PayloadInvalid: `payload.build` cannot have made these samples or metadata.
    """
    geometry = Geometry(width, height, bit_depth, color_type)
    try:
        _check_samples(samples, metadata, geometry, regions)
        source = _check_source(metadata["source"], version)
        if layout is Layout.FILE:
            return _restore_file(samples, source, metadata, geometry)
        return _restore_pixels(samples, source, metadata, geometry, progress)
    except (*UNEXPECTED, ImageError) as error:
        # The metadata is authentic, so its writer had the key, but the writer may be faulty or malicious.
        raise PayloadInvalid("the metadata do not describe a file") from error


def _check_samples(
    samples: NDArray[np.uint8], metadata: Mapping[str, Any], geometry: Geometry, regions: Sequence[Region]
) -> None:
    if len(samples) != geometry.width * geometry.height:
        raise PayloadInvalid("the samples are not as many as the picture has")
    if hash_pixels(samples, regions, width=geometry.width) != digest(metadata["payload_sha256"]):
        raise PayloadInvalid("the samples are not those that were encrypted")
    digest(metadata["original_sha256"])


def _check_source(source: Mapping[str, Any], version: int) -> Mapping[str, Any]:
    """Refuse keys, types and a version that contradict the format."""
    name = text(source["format"])
    if _VERSIONS[name] != version:
        raise PayloadInvalid("the version of the header is not that of the format")
    keys(source, _SOURCE | {"media_type"} if name == OTHER else _SOURCE)
    if source["file_name"] is not None:
        text(source["file_name"])
    if name == OTHER:
        if any(source[key] is not None for key in ("bit_depth", "mode", "rebuild")):
            raise PayloadInvalid("a file that was not decoded has neither mode nor depth")
        if source["media_type"] is not None and not _MEDIA_TYPE.fullmatch(text(source["media_type"])):
            raise PayloadInvalid("not a media type")
    elif not _MODE.fullmatch(text(source["mode"])) or not whole(source["bit_depth"], _DEEPEST + 1):
        raise PayloadInvalid("no mode or depth that a picture has")
    return source


def _restore_file(
    samples: NDArray[np.uint8], source: Mapping[str, Any], metadata: Mapping[str, Any], geometry: Geometry
) -> Restored:
    _check_mode(samples, FRAME_MODE, geometry)
    data = bytes(unframe(samples, width=geometry.width, height=geometry.height))
    if hashlib.sha256(data).hexdigest() != metadata["original_sha256"]:
        raise PayloadInvalid("the file is not the one that was encrypted")
    name = source["format"]
    if source["rebuild"] is not None or (name != OTHER and sniff(data) != name):
        raise PayloadInvalid("the file is not of the format that the metadata name")
    return _restored(data, name, source, metadata, Layout.FILE)


def _restore_pixels(
    samples: NDArray[np.uint8],
    source: Mapping[str, Any],
    metadata: Mapping[str, Any],
    geometry: Geometry,
    progress: Advance,
) -> Restored:
    _check_mode(samples, source["mode"], geometry)
    if source["bit_depth"] != geometry.bit_depth:
        raise PayloadInvalid("the samples are not as deep as the metadata say")
    data, name = rebuild(samples, source, geometry, progress=progress)
    return _restored(data, name, source, metadata, Layout.PIXELS)


def _restored(
    data: bytes, format_name: str, source: Mapping[str, Any], metadata: Mapping[str, Any], layout: Layout
) -> Restored:
    media_type = _serve(format_name, source)
    return Restored(
        data=data,
        media_type=media_type,
        file_name=with_suffix_of(harmless_name(source["file_name"]), media_type),
        layout=layout,
        identical=layout is Layout.FILE or hashlib.sha256(data).hexdigest() == metadata["original_sha256"],
    )


def _serve(format_name: str, source: Mapping[str, Any]) -> str:
    """Return the media type of a restored file; for a file that was not decoded, only a known type."""
    named = source["media_type"] if format_name == OTHER else MEDIA_TYPES[format_name]
    return named if named in SUFFIXES else UNKNOWN_MEDIA_TYPE


def _check_mode(samples: NDArray[np.uint8], mode: str, geometry: Geometry) -> None:
    kind = SAMPLE_KINDS[mode]
    if (kind.bit_depth, kind.color_type) != (geometry.bit_depth, geometry.color_type):
        raise PayloadInvalid("the samples are not of the mode that the metadata name")
    if samples.shape[1:] != (kind.bytes_per_pixel,):
        raise PayloadInvalid("the samples are not of the size of their mode")
