"""The `file` layout: a file's bytes as samples of the smallest picture (docs/reference/format.md, "Payload")."""

from math import isqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import PayloadInvalid
from shield_core.image.facts import Buffer

FRAME_MODE: Final = "RGB"
_LENGTH = 8
_CHANNELS = 3
_MIN_SIDE = 16


def frame_size(length: int) -> tuple[int, int]:
    """Compute the width and height, in pixels, of the picture that holds a file.

    Args:
        length: Bytes of the file.
    """
    pixels = -(-(_LENGTH + length) // _CHANNELS)
    width = max(_MIN_SIDE, isqrt(pixels - 1) + 1)
    return width, max(_MIN_SIDE, -(-pixels // width))


def frame(data: Buffer) -> NDArray[np.uint8]:
    """Write u64 length, the bytes and zeros.

    Args:
        data: The file.

    Returns:
        Shape (width · height, 3), uint8, C-contiguous, owned.
    """
    width, height = frame_size(len(data))
    samples = np.empty((width * height, _CHANNELS), np.uint8)
    payload = samples.reshape(-1)
    payload[:_LENGTH] = np.frombuffer(len(data).to_bytes(_LENGTH, "big"), np.uint8)
    payload[_LENGTH : _LENGTH + len(data)] = np.frombuffer(data, np.uint8)
    payload[_LENGTH + len(data) :] = 0
    return samples


def unframe(samples: NDArray[np.uint8], *, width: int, height: int) -> memoryview:
    """Extract the file from its frame, without copying it.

    Args:
        samples: What `frame` returned.
        width: Pixels, of the encrypted image.
        height: Pixels, of the encrypted image.

    Returns:
        A view into `samples`.

    Raises:
        PayloadInvalid: the length, the size of the picture or the padding is not what `frame` writes.
    """
    payload = samples.reshape(-1)
    length = int.from_bytes(payload[:_LENGTH].tobytes(), "big")
    if length > payload.size - _LENGTH or frame_size(length) != (width, height):
        raise PayloadInvalid("the picture is not as large as the file in it demands")
    if payload[_LENGTH + length :].any():
        raise PayloadInvalid("the filling behind the file is not zero")
    return payload.data[_LENGTH : _LENGTH + length]
