"""PNG: the walk that finds qsIS, a strict reader and a writer (docs/reference/format.md, "PNG")."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from .failures import demand
from .numbers import u32

SIGNATURE = b"\x89PNG\r\n\x1a\n"
CHANNELS = {0: 1, 2: 3, 4: 2, 6: 4}
_STORED = 65_535
_MOST_CHUNKS = 65_536
_IDAT = 1_048_576


@dataclass(frozen=True)
class Geometry:
    width: int
    height: int
    depth: int
    color: int

    @property
    def pixels(self) -> int:
        return self.width * self.height

    @property
    def pixel_size(self) -> int:
        return CHANNELS[self.color] * self.depth // 8

    @property
    def row_size(self) -> int:
        return self.width * self.pixel_size


def lacks_own_chunk(png: bytes) -> bool:
    """Return whether a walk over the chunks reaches IEND without qsIS. Checksums and data after IEND are ignored."""
    for kind, _ in islice(_chunks(png), _MOST_CHUNKS):
        if kind in {b"qsIS", b"IEND"}:
            return kind == b"IEND"
    raise ValueError("neither qsIS nor IEND")


def read_encrypted(png: bytes) -> tuple[Geometry, bytes, bytes]:
    """Return geometry, data of qsIS and samples; refuse every byte that a writer does not write."""
    chunks = list(_chunks(png))
    kinds = [kind for kind, _ in chunks]
    framed = kinds[:2] == [b"IHDR", b"qsIS"] and kinds[-1] == b"IEND" and set(kinds[2:-1]) == {b"IDAT"}
    demand(framed, "other chunks")
    geometry = _geometry(chunks[0][1])
    samples = _samples(b"".join(data for _, data in chunks[2:-1]), geometry)
    own = chunks[1][1]
    demand(write_encrypted(geometry, own, samples) == png, "not as a writer writes it")
    return geometry, own, samples


def write_encrypted(geometry: Geometry, own: bytes, samples: bytes) -> bytes:
    lines = _filtered(geometry, samples)
    blocks = [lines[at : at + _STORED] for at in range(0, len(lines), _STORED)]
    stored = [
        bytes([block is blocks[-1]])
        + len(block).to_bytes(2, "little")
        + (len(block) ^ 0xFFFF).to_bytes(2, "little")
        + block
        for block in blocks
    ]
    stream = b"\x78\x01" + b"".join(stored) + u32(zlib.adler32(lines))
    pieces = [chunk(b"IDAT", stream[at : at + _IDAT]) for at in range(0, len(stream), _IDAT)]
    return SIGNATURE + header(geometry) + chunk(b"qsIS", own) + b"".join(pieces) + chunk(b"IEND", b"")


def write_plain(geometry: Geometry, samples: bytes, before: bytes, after: bytes) -> bytes:
    """Return a PNG for any reader, with the chunks before and after its image data."""
    image_data = chunk(b"IDAT", zlib.compress(_filtered(geometry, samples)))
    return SIGNATURE + header(geometry) + before + image_data + after + chunk(b"IEND", b"")


def header(geometry: Geometry) -> bytes:
    fields = u32(geometry.width) + u32(geometry.height) + bytes([geometry.depth, geometry.color, 0, 0, 0])
    return chunk(b"IHDR", fields)


def chunk(kind: bytes, data: bytes) -> bytes:
    return u32(len(data)) + kind + data + u32(zlib.crc32(kind + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(SIGNATURE)
    while at < len(png):
        demand(at + 12 <= len(png), "a cut chunk")
        end = at + 8 + int.from_bytes(png[at : at + 4], "big")
        demand(end + 4 <= len(png), "a cut chunk")
        yield png[at + 4 : at + 8], png[at + 8 : end]
        at = end + 4


def _geometry(data: bytes) -> Geometry:
    demand(len(data) == 13, "IHDR of another length")
    geometry = Geometry(int.from_bytes(data[:4], "big"), int.from_bytes(data[4:8], "big"), data[8], data[9])
    check_kind(geometry)
    return geometry


def check_kind(geometry: Geometry) -> None:
    demand(geometry.width > 0 and geometry.height > 0, "no pixels")
    demand(geometry.color in CHANNELS and geometry.depth in (8, 16), "another kind of pixel")
    demand(geometry.depth == 8 or geometry.color == 0, "16 bits in color")


def _samples(stream: bytes, geometry: Geometry) -> bytes:
    """Return the samples in stored blocks, without checks: the file is written again and compared."""
    size = geometry.height * (1 + geometry.row_size)
    blocks = -(-size // _STORED)
    demand(len(stream) == 2 + 5 * blocks + size + 4, "image data of another length")
    lines = b"".join(stream[at + 5 : at + 5 + _STORED] for at in range(2, len(stream) - 4, 5 + _STORED))[:size]
    step = 1 + geometry.row_size
    return b"".join(lines[at + 1 : at + step] for at in range(0, size, step))


def _filtered(geometry: Geometry, samples: bytes) -> bytes:
    step = geometry.row_size
    return b"".join(b"\0" + samples[at : at + step] for at in range(0, len(samples), step))
