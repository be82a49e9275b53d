"""How evenly the values of a picture's samples are used."""

import numpy as np
from numpy.typing import NDArray

_VALUES = 256
_STEP = 1 << 20  # numpy counts in 64-bit integers: all of a picture at once would take eight times its memory


def shannon(samples: NDArray[np.uint8] | bytes | bytearray | memoryview) -> float:
    """Compute the Shannon entropy of the values of samples.

    It says that values are used evenly, not that they are unpredictable: 0, 1, 2, … 255 has 8 bits as well.

    Args:
        samples: uint8, any shape, at least one.

    Returns:
        Bits per byte, 0.0 to 8.0.

    Raises:
        ValueError: no samples, or another type than bytes.

    Source: Shannon 1948, A Mathematical Theory of Communication, section 6.
    """
    values = samples if isinstance(samples, np.ndarray) else np.frombuffer(samples, np.uint8)
    if values.dtype != np.uint8 or not values.size:
        raise ValueError("samples are bytes, at least one")
    flat = values.reshape(-1)
    pieces = (flat[at : at + _STEP] for at in range(0, flat.size, _STEP))
    counts = np.sum([np.bincount(piece, minlength=_VALUES) for piece in pieces], axis=0)
    shares = counts[counts > 0] / values.size
    return abs(float(np.sum(shares * np.log2(shares))))
