"""The Shannon entropy of a picture's samples, in bits."""

import math

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures.findings import Finding, find
from shield_core.analysis.measures.histogram import DEGREES, two_sided

_VALUES = 256
_STEP = 1 << 20  # numpy counts in 64-bit integers: counting a whole picture at once would take eight times its memory


def of_samples(samples: NDArray[np.uint8] | bytes | bytearray | memoryview) -> float:
    """Compute the Shannon entropy of the values of samples.

    It measures how evenly values are used, not whether they are unpredictable: 0, 1, 2, … 255 also has 8 bits.

    Args:
        samples: uint8, any shape, at least one.

    Returns:
        Bits per byte, 0.0 to 8.0.

    Raises:
        ValueError: no samples, or a type other than bytes.

    Source: Shannon 1948, A Mathematical Theory of Communication, section 6.
    """
    values = samples if isinstance(samples, np.ndarray) else np.frombuffer(samples, np.uint8)
    if values.dtype != np.uint8 or not values.size:
        raise ValueError("samples are bytes, at least one")
    flat = values.reshape(-1)
    pieces = (flat[at : at + _STEP] for at in range(0, flat.size, _STEP))
    return of_counts(np.sum([np.bincount(piece, minlength=_VALUES) for piece in pieces], axis=0))


def of_counts(counts: NDArray[np.int64]) -> float:
    """Compute the Shannon entropy of a histogram.

    Args:
        counts: int64, how often each value occurs; not all 0.

    Returns:
        Bits per value.

    Source: as `of_samples`.
    """
    shares = counts[counts > 0] / counts.sum()
    return abs(float(np.sum(shares * np.log2(shares))))


def judge(counts: NDArray[np.int64]) -> Finding:
    """Judge the entropy of a histogram of bytes.

    The gap to 8 bits, times 2 n ln 2, is the likelihood ratio of the uniform distribution. Divided by Williams's factor
    for a finite n, it follows chi-square with 255 degrees of freedom.

    Args:
        counts: int64 (256,).

    Source: Wilks 1938, doi:10.1214/aoms/1177732360; Williams 1976, doi:10.1093/biomet/63.1.33.
    """
    scale = 2 * int(counts.sum()) * math.log(2)
    factor = 1 + (_VALUES + 1) / (6 * int(counts.sum()))
    entropy = of_counts(counts)
    return find(
        "entropy",
        "bits per byte",
        entropy,
        expected=8 - factor * DEGREES / scale,
        sd=factor * math.sqrt(2 * DEGREES) / scale,
        p_value=two_sided((8 - entropy) * scale / factor),
    )
