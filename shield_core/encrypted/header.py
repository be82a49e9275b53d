"""The header of an encrypted image: 130 bytes, regions, encrypted metadata. docs/reference/format.md, "Header"."""

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final
from uuid import UUID

from shield_core.cipher.purity import Purity
from shield_core.errors import HeaderInvalid, LaterVersion
from shield_core.image.facts import SAMPLE_KINDS
from shield_core.image.limits import MAX_METADATA, MAX_PIXELS
from shield_core.image.regions import MAX_REGIONS, Region

MAGIC: Final = b"QSIS"
VERSION: Final = 1
FILE_VERSION: Final = 2
"""The version of a header for a file that was not decoded; everything else is as in version 1."""
VERSIONS: Final = frozenset({VERSION, FILE_VERSION})
"""The versions that `parse` reads."""

SUITE: Final = 1
NONCE_SIZE: Final = 24
COMMITMENT_SIZE: Final = 32
MIN_METADATA: Final = 16  # the tag of AES-GCM over nothing

_LAYOUTS: Final = {"pixels": 1, "file": 2}
_KINDS: Final = {(kind.bit_depth, kind.color_type): kind.bytes_per_pixel for kind in SAMPLE_KINDS.values()}
_FILE_KIND: Final = (8, 2)
_FILE_LEAST_SIDE: Final = 16
_NO_MATERIAL: Final = bytes(32)
_REGIONS_FLAG: Final = 1
_MATERIAL_FLAG: Final = 2

# magic, version, suite, layout, purity, flags, key id, nonce, commitment, width, height, bit depth, color type,
# material SHA-256, region count
_FIXED: Final = struct.Struct(">4s4BH16s24s32sIIBB32sH")
_REGION: Final = struct.Struct(">4I")
_LENGTH: Final = struct.Struct(">I")
SIZE: Final = _FIXED.size + _LENGTH.size
"""Bytes before the metadata if there are no regions."""


@dataclass(frozen=True, slots=True)
class Header:
    """The header of an encrypted image, in plaintext but authenticated.

    `layout` is `pixels` or `file`; `nonce` has 24 bytes, `commitment` 32; `width` and `height` count pixels of the
    encrypted image; `bit_depth` (8 or 16) and `color_type` (0, 2, 4 or 6) are PNG's; `metadata` is ciphertext and
    16-byte tag; `material_sha256` has 32 bytes for `multistage` and `maximum`, and is None for the others; `regions`
    are the only encrypted parts, sorted by (y, x, height, width), or empty if everything is encrypted; `version` is 1,
    or 2 for a file that was not decoded, which has the layout `file`.

    Raises:
        HeaderInvalid: a value is not valid in this version.
    """

    layout: str
    purity: Purity
    key_id: UUID
    nonce: bytes
    commitment: bytes
    width: int
    height: int
    bit_depth: int
    color_type: int
    metadata: bytes = field(repr=False)
    material_sha256: bytes | None = None
    regions: tuple[Region, ...] = ()
    version: int = VERSION

    def __post_init__(self) -> None:
        if self.layout not in _LAYOUTS:
            raise HeaderInvalid("An unknown layout")
        if self.version == FILE_VERSION and self.layout != "file":
            raise HeaderInvalid(
                "A header of version 2 and another layout than file: changed, or made by a later version of the format"
            )
        if len(self.nonce) != NONCE_SIZE or len(self.commitment) != COMMITMENT_SIZE:
            raise HeaderInvalid("The nonce has 24 bytes and the commitment 32")
        if not MIN_METADATA <= len(self.metadata) <= MAX_METADATA:
            raise HeaderInvalid("The metadata has 16 bytes to 4 MiB")
        self._check_material()
        self._check_geometry()
        self._check_regions()

    def _check_material(self) -> None:
        if (self.material_sha256 is None) == self.purity.needs_material:
            raise HeaderInvalid("The purities multistage and maximum have material, and no others")
        if self.material_sha256 is not None and (
            len(self.material_sha256) != len(_NO_MATERIAL) or self.material_sha256 == _NO_MATERIAL
        ):
            raise HeaderInvalid("The digest of the material has 32 bytes that are not all zero")

    def _check_geometry(self) -> None:
        if (self.bit_depth, self.color_type) not in _KINDS:
            raise HeaderInvalid("A bit depth and color type that no payload has")
        if not (self.width and self.height and self.width * self.height <= MAX_PIXELS):
            raise HeaderInvalid("The geometry is empty or over the limit")
        if self.layout == "file" and (
            (self.bit_depth, self.color_type) != _FILE_KIND or min(self.width, self.height) < _FILE_LEAST_SIDE
        ):
            raise HeaderInvalid("The geometry is not one of the file layout")

    def _check_regions(self) -> None:
        if self.regions and (self.layout != "pixels" or len(self.regions) > MAX_REGIONS):
            raise HeaderInvalid("Regions belong to the layout pixels, and there are at most 64")
        order = [region.place for region in self.regions]
        if any(after <= before for before, after in pairwise(order)):
            raise HeaderInvalid("The regions are not sorted, or one occurs twice")
        if not all(self._holds(region) for region in self.regions):
            raise HeaderInvalid("A region is empty or not inside the picture")

    def _holds(self, region: Region) -> bool:
        x, y, width, height = region.x, region.y, region.width, region.height
        return min(x, y) >= 0 < min(width, height) and x + width <= self.width and y + height <= self.height

    @property
    def flags(self) -> int:
        """Return the flags: bit 0 for regions, bit 1 for material."""
        return _REGIONS_FLAG * bool(self.regions) | _MATERIAL_FLAG * (self.material_sha256 is not None)

    @property
    def bytes_per_pixel(self) -> int:
        """Return the bytes of one pixel, 1 to 4."""
        return _KINDS[self.bit_depth, self.color_type]

    @property
    def row_bytes(self) -> int:
        """Return the bytes of one row of samples, without the filter byte."""
        return self.width * self.bytes_per_pixel

    @property
    def sample_bytes(self) -> int:
        """Return the bytes of all samples."""
        return self.height * self.row_bytes


def pack(header: Header) -> bytes:
    """Write a header.

    Args:
        header: already checked by its constructor.

    Returns:
        126 bytes, 16 for each region, 4 for the length of the metadata, and the metadata.

    Source: docs/reference/format.md, Header.
    """
    fixed = _FIXED.pack(
        MAGIC,
        header.version,
        SUITE,
        _LAYOUTS[header.layout],
        header.purity.code,
        header.flags,
        header.key_id.bytes,
        header.nonce,
        header.commitment,
        header.width,
        header.height,
        header.bit_depth,
        header.color_type,
        header.material_sha256 or _NO_MATERIAL,
        len(header.regions),
    )
    regions = (_REGION.pack(region.x, region.y, region.width, region.height) for region in header.regions)
    return b"".join((fixed, *regions, _LENGTH.pack(len(header.metadata)), header.metadata))


def parse(data: bytes | bytearray | memoryview) -> Header:
    """Read a header strictly: `pack` writes every accepted header back byte for byte.

    Args:
        data: the `qsIS` chunk's data without the tag.

    Raises:
        LaterVersion: a version that this release does not know.
        HeaderInvalid: an unknown version, suite, layout, purity, flag or kind of sample; flags, material and regions
            that contradict each other or the purity; a geometry over the limits; missing or extra bytes.
    """
    if len(data) < SIZE:
        raise HeaderInvalid("The header is cut short")
    (magic, version, suite, layout, purity, flags, key_id, nonce, commitment, *geometry, material, regions) = (
        _FIXED.unpack_from(data)
    )
    if magic == MAGIC and version > max(VERSIONS):
        raise LaterVersion(version)
    if magic != MAGIC or version not in VERSIONS or suite != SUITE:
        raise HeaderInvalid("Not a header of version 1 or 2, suite 1")
    width, height, bit_depth, color_type = geometry
    header = Header(
        layout=_layout(layout),
        purity=_purity(purity),
        key_id=UUID(bytes=key_id),
        nonce=nonce,
        commitment=commitment,
        width=width,
        height=height,
        bit_depth=bit_depth,
        color_type=color_type,
        metadata=_metadata(data, regions),
        material_sha256=None if material == _NO_MATERIAL else material,
        regions=_regions(data, regions),
        version=version,
    )
    if header.flags != flags:
        raise HeaderInvalid("Unknown flags, or flags that contradict what follows")
    return header


def _metadata(data: bytes | bytearray | memoryview, regions: int) -> bytes:
    start = SIZE + regions * _REGION.size
    if regions > MAX_REGIONS or len(data) < start:
        raise HeaderInvalid("The header has too many regions, or is cut short in them")
    (size,) = _LENGTH.unpack_from(data, start - _LENGTH.size)
    if len(data) != start + size:
        raise HeaderInvalid("The header is longer or shorter than it says")
    return bytes(data[start:])


def _regions(data: bytes | bytearray | memoryview, count: int) -> tuple[Region, ...]:
    end = _FIXED.size + count * _REGION.size
    return tuple(Region(*numbers) for numbers in _REGION.iter_unpack(data[_FIXED.size : end]))


def _layout(code: int) -> str:
    for layout, known in _LAYOUTS.items():
        if known == code:
            return layout
    raise HeaderInvalid("An unknown layout")


def _purity(code: int) -> Purity:
    try:
        return Purity.from_code(code)
    except ValueError as error:
        raise HeaderInvalid("An unknown purity") from error
