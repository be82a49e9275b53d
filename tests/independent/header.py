"""The header in qsIS (docs/reference/format.md, "Header"), checked against IHDR and against itself."""

from dataclasses import dataclass

from .failures import demand
from .numbers import Cursor
from .png import Geometry, check_kind
from .regions import Rectangle, check_rectangles

PURITIES = {1: "fast", 2: "balanced", 3: "multistage", 4: "maximum"}
LAYOUTS = {1: "pixels", 2: "file"}
_REGIONS, _MATERIAL = 1, 2
_TAG = 32
_MOST_PIXELS = 25_000_000


@dataclass(frozen=True)
class Header:
    version: int
    layout: str
    purity: str
    key_id: bytes
    nonce: bytes
    commitment: bytes
    geometry: Geometry
    material_sha256: bytes
    regions: list[Rectangle]
    metadata: bytes

    @property
    def has_material(self) -> bool:
        return self.purity in ("multistage", "maximum")


def parse(own: bytes, ihdr: Geometry | None = None) -> tuple[Header, bytes, bytes]:
    """Return the header, its bytes, and the tag after it; without IHDR the geometry is checked against itself."""
    demand(len(own) >= _TAG, "qsIS ends too early")
    raw, tag = own[:-_TAG], own[-_TAG:]
    fields = Cursor(raw)
    demand(fields.take(4) == b"QSIS", "another magic")
    version, suite, layout, purity = (fields.number(1) for _ in range(4))
    demand(version in (1, 2) and suite == 1, "another version or suite")
    demand(layout in LAYOUTS and purity in PURITIES, "another layout or purity")
    flags = fields.number(2)
    key_id, nonce, commitment = fields.take(16), fields.take(24), fields.take(32)
    geometry = Geometry(fields.number(4), fields.number(4), fields.number(1), fields.number(1))
    digest = fields.take(32)
    regions = [Rectangle(*(fields.number(4) for _ in range(4))) for _ in range(_region_count(fields))]
    metadata = _metadata(fields)
    result = Header(
        version, LAYOUTS[layout], PURITIES[purity], key_id, nonce, commitment, geometry, digest, regions, metadata
    )
    check_kind(geometry)
    demand(geometry.pixels <= _MOST_PIXELS, "too many pixels")
    _check(result, flags, geometry if ihdr is None else ihdr)
    return result, raw, tag


def _region_count(fields: Cursor) -> int:
    count = fields.number(2)
    demand(count <= 64, "too many regions")
    return count


def _metadata(fields: Cursor) -> bytes:
    length = fields.number(4)
    demand(16 <= length <= 4_194_304, "metadata of another length")
    metadata = fields.take(length)
    demand(fields.left == 0, "left-over bytes")
    return metadata


def _check(header: Header, flags: int, ihdr: Geometry) -> None:
    demand(header.geometry == ihdr, "not the geometry of IHDR")
    due = (_REGIONS if header.regions else 0) | (_MATERIAL if header.has_material else 0)
    demand(flags == due, "other flags")
    demand(any(header.material_sha256) == header.has_material, "a digest of material without it, or the reverse")
    check_rectangles(header.regions, ihdr.width, ihdr.height)
    if header.layout == "pixels":
        demand(header.version == 1, "version 2 beside pixels")
    else:
        demand(not header.regions, "regions of a file")
        demand((ihdr.depth, ihdr.color) == (8, 2), "a file in other pixels than RGB")
