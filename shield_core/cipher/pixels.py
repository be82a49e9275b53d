"""Views of samples with one unsigned integer for each pixel, for kernels that move a pixel in one instruction."""

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.uint32]

WIDTHS = (1, 2, 3, 4)
"""Bytes of a pixel: L, LA and 16-bit gray, RGB, RGBA. docs/reference/format.md has no other payload."""

_PACKED = 3
INTEGERS = {1: np.uint8, 2: np.uint16, 3: np.uint32, 4: np.uint32}
"""The integer type that holds a pixel, by the bytes of the pixel."""


def wide(samples: NDArray[np.uint8], start: int, stop: int) -> Pixels:
    """View pixels as integers, without a copy.

    Pixels of 3 bytes become 32-bit integers that are 3 bytes apart; the highest byte is the first of the next pixel.

    Args:
        samples: uint8 (n, width), C-contiguous, width one of `WIDTHS`.
        start: the first pixel.
        stop: the pixel after the last; with 3-byte pixels the last pixel of a picture has no view, so `stop` < n.

    Returns:
        Unsigned integers (stop - start,), little-endian, writable where `samples` is.

    Raises:
        TypeError: the view would reach beyond the samples.
    """
    width = samples.shape[1]
    kind = INTEGERS[width]
    return np.ndarray((max(0, stop - start),), kind, buffer=samples.data, offset=start * width, strides=(width,))


def wide_early(samples: NDArray[np.uint8], start: int, stop: int) -> tuple[Pixels, np.uint32]:
    """View pixels as integers that have the pixel in their *highest* bytes, to write them downwards.

    Args:
        samples: uint8 (n, width), C-contiguous.
        start: the first pixel; for 3-byte pixels at least 1.
        stop: the pixel after the last.

    Returns:
        The integers (stop - start,), and the bits to shift a pixel left before it is written.
    """
    width = samples.shape[1]
    if width != _PACKED:
        return wide(samples, start, stop), np.uint32(0)
    early = start * width - 1
    view = np.ndarray((max(0, stop - start),), np.uint32, buffer=samples.data, offset=early, strides=(width,))
    return view, np.uint32(8)


def packed(samples: NDArray[np.uint8]) -> bool:
    """Return whether pixels have 3 bytes, so that their integers overlap.

    Args:
        samples: uint8 (n, width).
    """
    return bool(samples.shape[1] == _PACKED)


def to_integer(pixel: NDArray[np.uint8]) -> int:
    """Return one pixel as a little-endian integer, without touching its neighbors.

    Args:
        pixel: uint8 (width,).
    """
    return int.from_bytes(pixel.tobytes(), "little")


def to_bytes(value: int, width: int) -> NDArray[np.uint8]:
    """Return the bytes of one pixel's integer, without the byte of the next pixel above them.

    Args:
        value: 0 to 2^32 - 1.
        width: bytes of a pixel.

    Returns:
        uint8 (width,).
    """
    return np.frombuffer(value.to_bytes(4, "little")[:width], np.uint8)
