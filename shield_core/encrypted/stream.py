"""The IDAT chunks of an encrypted image: one zlib stream of stored blocks, generated in reused memory.

Noise does not compress, so compressing it wastes time: a general encoder takes fifteen times as long.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from shield_core.image.checksums import crc32

CHUNK: Final = 1 << 20
"""Bytes of the zlib stream in an IDAT chunk; the last chunk holds the rest."""

BLOCK: Final = 65_535
"""Bytes in a stored block, the maximum of RFC 1951 section 3.2.4; the last block holds the rest."""

_BLOCK_HEAD: Final = 5
_ZLIB_HEAD: Final = b"\x78\x01"
_ADLER_SIZE: Final = 4
_CHUNK_HEAD: Final = 8
_CHUNK_FRAME: Final = 12
_GROUP: Final = 4  # blocks made at a time: they fit the second-level cache
_TYPE: Final = b"IDAT"


@dataclass(frozen=True, slots=True)
class Plan:
    """The sizes of the IDAT chunks of a picture of `height` rows of `row_bytes` bytes, and of their contents."""

    height: int
    row_bytes: int

    @property
    def filtered(self) -> int:
        """Return the uncompressed bytes: a filter byte and the samples of each row."""
        return self.height * (1 + self.row_bytes)

    @property
    def zlib(self) -> int:
        """Return the bytes of the zlib stream."""
        blocks = -(-self.filtered // BLOCK)
        return len(_ZLIB_HEAD) + blocks * _BLOCK_HEAD + self.filtered + _ADLER_SIZE

    @property
    def chunks(self) -> int:
        """Return the number of IDAT chunks."""
        return -(-self.zlib // CHUNK)

    @property
    def total(self) -> int:
        """Return the bytes of all IDAT chunks with their frames."""
        return self.zlib + self.chunks * _CHUNK_FRAME


def pieces(samples: NDArray[np.uint8], plan: Plan) -> Iterator[NDArray[np.uint8]]:
    """Yield the IDAT chunks of a picture piece by piece; requesting the next piece overwrites the last.

    Args:
        samples: uint8 (height, row_bytes), C-contiguous.
        plan: of the same geometry.

    Returns:
        uint8 arrays of `plan.total` bytes together.

    Source: docs/reference/format.md, PNG; PNG 3rd edition, section 5.3; RFC 1950; RFC 1951, section 3.2.4.
    """
    left, room, crc = plan.zlib, 0, 0
    for part in _zlib(samples, plan):
        at = 0
        while at < part.size:
            if not room:
                room = min(CHUNK, left)
                left -= room
                crc = crc32(_TYPE)
                yield _array(room.to_bytes(4, "big") + _TYPE)
            piece = part[at : at + room]
            at += piece.size
            room -= piece.size
            crc = crc32(piece.data, crc)
            yield piece
            if not room:
                yield _array(crc.to_bytes(4, "big"))


def extract(idat: NDArray[np.uint8], plan: Plan) -> NDArray[np.uint8]:
    """Copy the samples out of IDAT chunks, from the positions where the writer puts them; nothing is checked.

    Args:
        idat: uint8 (plan.total,), all IDAT chunks.
        plan: the geometry.

    Returns:
        uint8 (height, row_bytes).
    """
    samples = np.empty((plan.height, plan.row_bytes), np.uint8)
    blocks = np.empty((_GROUP, _BLOCK_HEAD + BLOCK), np.uint8)
    stream = blocks.reshape(-1)
    for start in range(0, plan.filtered, _GROUP * BLOCK):
        size = min(_GROUP * BLOCK, plan.filtered - start)
        count = -(-size // BLOCK)
        at = len(_ZLIB_HEAD) + start // BLOCK * blocks.shape[1]
        _take(idat, at, stream[: size + count * _BLOCK_HEAD])
        _unfilter(np.ascontiguousarray(blocks[:count, _BLOCK_HEAD:]).reshape(-1)[:size], start, samples)
    return samples


def _zlib(samples: NDArray[np.uint8], plan: Plan) -> Iterator[NDArray[np.uint8]]:
    yield _array(_ZLIB_HEAD)
    adler = 1
    rows = np.empty(_GROUP * BLOCK, np.uint8)
    blocks = np.empty((_GROUP, _BLOCK_HEAD + BLOCK), np.uint8)
    blocks[:, :_BLOCK_HEAD] = _block_head(BLOCK, last=False)
    final = (plan.filtered - 1) % BLOCK + 1
    for start in range(0, plan.filtered, rows.size):
        some = rows[: min(rows.size, plan.filtered - start)]
        _filter(samples, start, some)
        adler = isal_zlib.adler32(some.data, adler)
        whole = some if start + some.size < plan.filtered else some[:-final]
        count = whole.size // BLOCK
        blocks[:count, _BLOCK_HEAD:] = whole.reshape(count, BLOCK)
        yield blocks[:count].reshape(-1)
    yield _block_head(final, last=True)
    yield some[-final:]
    yield _array(adler.to_bytes(4, "big"))


def _filter(samples: NDArray[np.uint8], start: int, target: NDArray[np.uint8]) -> None:
    """Write the filtered bytes from `start` on: each row after a filter byte of 0."""
    for some, here in _overlay(samples, start, target):
        here[:, : here.shape[1] - some.shape[1]] = 0
        here[:, here.shape[1] - some.shape[1] :] = some


def _unfilter(source: NDArray[np.uint8], start: int, samples: NDArray[np.uint8]) -> None:
    """Copy the samples of the filtered bytes from `start` on to their positions."""
    for some, here in _overlay(samples, start, source):
        some[:] = here[:, here.shape[1] - some.shape[1] :]


def _overlay(
    samples: NDArray[np.uint8], start: int, filtered: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield matching pieces of both: the end of a row, whole rows, the beginning of a row."""
    line = 1 + samples.shape[1]
    row, column = divmod(start, line)
    at = 0
    while at < filtered.size:
        stop = min(line, column + filtered.size - at)
        count = (filtered.size - at) // line if column == 0 and stop == line else 1
        size = count * (stop - column)
        here = filtered[at : at + size].reshape(count, stop - column)
        yield samples[row : row + count, max(0, column - 1) : stop - 1], here
        at += size
        row += count
        column = 0


def _take(idat: NDArray[np.uint8], at: int, target: NDArray[np.uint8]) -> None:
    """Copy a range of the zlib stream out of its chunks."""
    done = 0
    while done < target.size:
        chunk, inside = divmod(at + done, CHUNK)
        begin = chunk * (CHUNK + _CHUNK_FRAME) + _CHUNK_HEAD + inside
        size = min(CHUNK - inside, target.size - done)
        target[done : done + size] = idat[begin : begin + size]
        done += size


def _block_head(size: int, *, last: bool) -> NDArray[np.uint8]:
    return _array(bytes([last]) + size.to_bytes(2, "little") + (size ^ 0xFFFF).to_bytes(2, "little"))


def _array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)
