"""The header of an encrypted image: 130 bytes and the encrypted metadata. docs/format.md, "Header"."""

import struct
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from shield_core.cipher.purity import AVAILABLE, Purity
from shield_core.errors import HeaderInvalid
from shield_core.image.facts import SAMPLE_KINDS
from shield_core.image.limits import MAX_METADATA, MAX_PIXELS

MAGIC: Final = b"QSIS"
VERSION: Final = 1
SUITE: Final = 1
NONCE_SIZE: Final = 24
COMMITMENT_SIZE: Final = 32
MIN_METADATA: Final = 16  # the tag of AES-GCM over nothing

_LAYOUTS: Final = {"pixels": 1, "file": 2}
_KINDS: Final = {(kind.bit_depth, kind.color_type): kind.bytes_per_pixel for kind in SAMPLE_KINDS.values()}
_FILE_KIND: Final = (8, 2)
_FILE_LEAST_SIDE: Final = 16
_NO_FLAGS: Final = 0
_NO_MATERIAL: Final = bytes(32)
_NO_REGIONS: Final = 0

# magic, version, suite, layout, purity, flags, key id, nonce, commitment, width, height, bit depth, color type,
# material SHA-256, region count, metadata length
_FIXED: Final = struct.Struct(">4s4BH16s24s32sIIBB32sHI")
SIZE: Final = _FIXED.size
"""Bytes before the metadata."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an encrypted image says about itself, in clear but authenticated.

    `layout` is `pixels` or `file`; `nonce` has 24 bytes, `commitment` 32; `width` and `height` count pixels of the
    encrypted image; `bit_depth` (8 or 16) and `color_type` (0, 2, 4 or 6) are PNG's; `metadata` is ciphertext and
    16-byte tag.

    Raises:
        HeaderInvalid: a value that no writer of this version writes.
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

    def __post_init__(self) -> None:
        if self.layout not in _LAYOUTS or self.purity not in AVAILABLE:
            raise HeaderInvalid("A layout or purity that this release does not know")
        if len(self.nonce) != NONCE_SIZE or len(self.commitment) != COMMITMENT_SIZE:
            raise HeaderInvalid("The nonce has 24 bytes and the commitment 32")
        if not MIN_METADATA <= len(self.metadata) <= MAX_METADATA:
            raise HeaderInvalid("The metadata has 16 bytes to 4 MiB")
        self._check_geometry()

    def _check_geometry(self) -> None:
        if (self.bit_depth, self.color_type) not in _KINDS:
            raise HeaderInvalid("A bit depth and color type that no payload has")
        if not (self.width and self.height and self.width * self.height <= MAX_PIXELS):
            raise HeaderInvalid("The geometry is empty or over the limit")
        if self.layout == "file" and (
            (self.bit_depth, self.color_type) != _FILE_KIND or min(self.width, self.height) < _FILE_LEAST_SIDE
        ):
            raise HeaderInvalid("The geometry is not one of the file layout")

    @property
    def bytes_per_pixel(self) -> int:
        """Return 1 to 4."""
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
        header: checked when it was made.

    Returns:
        130 bytes and the metadata.

    Source: docs/format.md, Header.
    """
    fixed = _FIXED.pack(
        MAGIC,
        VERSION,
        SUITE,
        _LAYOUTS[header.layout],
        header.purity.code,
        _NO_FLAGS,
        header.key_id.bytes,
        header.nonce,
        header.commitment,
        header.width,
        header.height,
        header.bit_depth,
        header.color_type,
        _NO_MATERIAL,
        _NO_REGIONS,
        len(header.metadata),
    )
    return fixed + header.metadata


def parse(data: bytes | bytearray | memoryview) -> Header:
    """Read a header, and nothing else: what it accepts, `pack` writes again byte for byte.

    Args:
        data: the `qsIS` chunk's data without the tag.

    Raises:
        HeaderInvalid: an unknown version, suite, layout, purity, flag or kind of sample; a reserved field that is used;
            a geometry over the limits; missing or left-over bytes.
    """
    if len(data) < SIZE:
        raise HeaderInvalid("The header is cut short")
    (magic, version, suite, layout, purity, flags, key_id, nonce, commitment, *geometry, material, regions, size) = (
        _FIXED.unpack_from(data)
    )
    if (magic, version, suite) != (MAGIC, VERSION, SUITE):
        raise HeaderInvalid("Not a header of version 1, suite 1")
    if (flags, material, regions) != (_NO_FLAGS, _NO_MATERIAL, _NO_REGIONS):
        raise HeaderInvalid("Regions and material are reserved for later releases")
    if len(data) != SIZE + size:
        raise HeaderInvalid("The header is longer or shorter than it says")
    width, height, bit_depth, color_type = geometry
    return Header(
        layout=_layout(layout),
        purity=_purity(purity),
        key_id=UUID(bytes=key_id),
        nonce=nonce,
        commitment=commitment,
        width=width,
        height=height,
        bit_depth=bit_depth,
        color_type=color_type,
        metadata=bytes(data[SIZE:]),
    )


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
