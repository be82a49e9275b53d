"""BMP, rebuilt byte for byte (docs/reference/format.md, "Rebuilding")."""

from typing import Any

from .canonical import from_b64, has_keys
from .failures import demand
from .png import Geometry

_HEADERS = (40, 52, 56, 108, 124)


def rebuild_bmp(instructions: dict[str, Any], geometry: Geometry, samples: bytes) -> bytes:
    demand(has_keys(instructions, "as", "header_b64"), "other keys")
    header = from_b64(instructions["header_b64"])
    bottom_up = check_header(header, geometry)
    rows = [_row(samples[at : at + geometry.row_size], geometry) for at in range(0, len(samples), geometry.row_size)]
    body = b"".join(reversed(rows) if bottom_up else rows)
    if any(header[20:24]):
        header = header[:20] + _u32(len(body)) + header[24:]
    start = 14 + len(header)
    return b"BM" + _u32(start + len(body)) + bytes(4) + _u32(start) + header + body


def check_header(header: bytes, geometry: Geometry) -> bool:
    """Refuse a header of another picture; return whether the rows are in bottom-up order."""
    demand(len(header) >= _HEADERS[0], "no header")
    size, height = _number(header, 0, 4), int.from_bytes(header[8:12], "little", signed=True)
    demand(size in _HEADERS, "a header of another size")
    demand(_number(header, 4, 4) == geometry.width and abs(height) == geometry.height, "another width or height")
    demand(geometry.depth == 8 and geometry.pixel_size in (1, 3), "pixels of another kind")
    demand(
        _number(header, 12, 2) == 1 and _number(header, 14, 2) == 8 * geometry.pixel_size,
        "another number of planes or bits",
    )
    demand(_number(header, 16, 4) == 0, "compressed")
    demand(size != 124 or header[56:60] not in (b"DEBM", b"KNIL"), "a color profile")
    _check_palette(header, size, gray=geometry.pixel_size == 1)
    return height > 0


def _check_palette(header: bytes, size: int, *, gray: bool) -> None:
    used = _number(header, 32, 4)
    if not gray:
        demand(len(header) == size + 4 * min(256, used), "a palette of another length")
        return
    demand((used == 0 or used >= 256) and len(header) == size + 4 * 256, "a palette of another length")
    entries = (header[at : at + 3] for at in range(size, len(header), 4))
    demand(all(entry == bytes([i, i, i]) for i, entry in enumerate(entries)), "a palette that is not gray")


def _row(samples: bytes, geometry: Geometry) -> bytes:
    if geometry.pixel_size == 3:
        samples = b"".join(samples[at : at + 3][::-1] for at in range(0, len(samples), 3))
    return samples + bytes(-len(samples) % 4)


def _number(header: bytes, at: int, size: int) -> int:
    return int.from_bytes(header[at : at + size], "little")


def _u32(value: int) -> bytes:
    return value.to_bytes(4, "little")
