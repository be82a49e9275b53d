"""The rows of a PNG of any kind, band by band: palettes, few bits per sample, 16 bits, interlaced.

`png_read` is faster, and reads only what a payload holds unchanged.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt
from shield_core.image.formats.png_read import Inflation, unfilter
from shield_core.image.formats.png_walk import PngWalk, check_checksums
from shield_core.progress import Advance, nothing

_BAND_BYTES: Final = 1 << 18  # filtered and unfiltered rows stay in the second-level cache
_BYTE: Final = 8
_COLORS: Final = 256
_OPAQUE: Final = 255

Bytes = NDArray[np.uint8]
Band = tuple[slice, slice, Bytes]
"""Some rows of a pass: the rows and columns of the picture where their pixels belong, and uint8 (rows, row bytes)."""


def rows(walk: PngWalk, *, progress: Advance = nothing) -> Iterator[Band]:
    """Yield all rows of a picture, unfiltered and as packed as they are in the file.

    Args:
        walk: of any PNG; of an animated one, the picture that every viewer shows.
        progress: called with the bytes of file inflated.

    Raises:
        ImageCorrupt: a wrong checksum, image data that is damaged or of another length than IHDR declares, or a filter
            that does not exist.

    Source: Portable Network Graphics, third edition, sections 7, 8.1, 9 and 10.
    """
    check_checksums(walk)
    inflation = Inflation(walk, progress)
    step = max(1, walk.frame.bit_depth * walk.frame.channels // _BYTE)
    for one in walk.frame.passes:
        above = np.zeros(one.row_bytes, np.uint8)
        for first, last in _bands(one.height, one.row_bytes):
            filtered = np.empty((last - first, 1 + one.row_bytes), np.uint8)
            inflation.fill(filtered.reshape(-1))
            band = np.empty((last - first, one.row_bytes), np.uint8)
            unfilter(filtered, above, band, step)
            above = band[-1]
            down = slice(one.top + first * one.down, one.top + last * one.down, one.down)
            yield down, slice(one.left, None, one.across), band
    inflation.finish()


def unpack(band: Bytes, depth: int) -> Bytes:
    """Give each sample of 1, 2, 4 or 8 bits a byte of its own.

    Args:
        band: uint8 (rows, row bytes).
        depth: bits per sample.

    Returns:
        uint8 (rows, row bytes · 8 / depth): the bits that fill up a row are samples as well.
    """
    shifts = np.arange(_BYTE - depth, -1, -depth, dtype=np.uint8)
    return (band[:, :, None] >> shifts & np.uint8((1 << depth) - 1)).reshape(len(band), -1)


def read_palette(walk: PngWalk) -> Bytes:
    """Read the palette of a picture that has one, with the transparency of its colors.

    Returns:
        uint8 (colors, 4): red, green, blue and alpha.

    Raises:
        ImageCorrupt: no color, more than 256, or a part of one.

    Source: Portable Network Graphics, third edition, sections 11.2.2 and 11.3.1.1.
    """
    data = {chunk.name: walk.view[chunk.start : chunk.end] for chunk in walk.chunks}
    count, rest = divmod(len(data[b"PLTE"]), 3)
    if rest or not 0 < count <= _COLORS:
        raise ImageCorrupt("the palette of the PNG has no colors, or a part of one")
    palette = np.full((count, 4), _OPAQUE, np.uint8)
    palette[:, :3] = np.frombuffer(data[b"PLTE"], np.uint8).reshape(-1, 3)
    alpha = np.frombuffer(data.get(b"tRNS", b""), np.uint8)[:count]
    palette[: alpha.size, 3] = alpha
    return palette


def _bands(height: int, row_bytes: int) -> Iterator[tuple[int, int]]:
    size = max(1, _BAND_BYTES // (1 + row_bytes))
    for first in range(0, height, size):
        yield first, min(height, first + size)
