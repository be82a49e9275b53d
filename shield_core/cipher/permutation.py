"""The keyed permutation of pixels: the visual layer of the scheme, uniform over all orders and the same everywhere.

It adds no confidentiality beyond the keystream.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher import buckets, crew, shuffling
from shield_core.cipher.keystream import Lanes, Measured
from shield_core.cipher.pixels import WIDTHS
from shield_core.progress import Advance, nothing

KEY_SIZE = 32


def permute(
    samples: NDArray[np.uint8],
    key: bytes,
    *,
    measured: Measured | None = None,
    threads: int = 1,
    progress: Advance = nothing,
) -> NDArray[np.uint8]:
    """Return the pixels in the order of a key.

    Args:
        samples: uint8 (n, width), C-contiguous, width 1 to 4; left as it is.
        key: 32 bytes.
        measured: XORed with every lane of the key.
        threads: 1 or 2; the result is the same. Small pictures take one.
        progress: told the bytes moved, in all twice `samples.nbytes`.

    Returns:
        A new array, uint8 (n, width).

    Raises:
        ValueError: another shape, width, layout or key length.

    Source: docs/format.md, Permutation: Rao-Sandelius, Fisher-Yates in each bucket, Lemire's rejection
    (doi:10.1145/3230636).
    """
    _check(samples, key)
    n = len(samples)
    threads = crew.worth(n, threads)
    if n < 2:  # noqa: PLR2004  - one pixel has one order
        progress(2 * samples.nbytes)
        return samples.copy()
    compiled, lanes = _kernels(), Lanes(key, measured)
    if buckets.bits_for(n):
        plan = buckets.count(lanes, n, compiled, threads=threads)
        target = np.empty_like(samples)
        buckets.scatter(samples, target, plan, compiled, progress)
        bounds = plan.bounds()
    else:
        target = samples.copy()
        bounds = [(0, n)]
        progress(samples.nbytes)
    _announce(measured, bounds)
    shuffling.shuffle(target, bounds, lanes, compiled, threads=threads, progress=progress)
    return target


def unpermute(
    samples: NDArray[np.uint8],
    key: bytes,
    *,
    measured: Measured | None = None,
    threads: int = 1,
    progress: Advance = nothing,
) -> NDArray[np.uint8]:
    """Return the pixels in the order that they had before `permute`.

    Args:
        samples: uint8 (n, width), C-contiguous, writable, width 1 to 4; **used as memory, and left in no order**.
        key: 32 bytes.
        measured: XORed with every lane of the key.
        threads: 1 or 2; the result is the same.
        progress: told the bytes moved, in all twice `samples.nbytes`.

    Returns:
        uint8 (n, width); for small pictures the same memory as `samples`.

    Raises:
        ValueError: another shape, width, layout or key length.
    """
    _check(samples, key)
    n = len(samples)
    threads = crew.worth(n, threads)
    if n < 2:  # noqa: PLR2004  - one pixel has one order
        progress(2 * samples.nbytes)
        return samples
    compiled, lanes = _kernels(), Lanes(key, measured)
    if not buckets.bits_for(n):
        _announce(measured, [(0, n)])
        shuffling.unshuffle(samples, [(0, n)], lanes, compiled, threads=threads, progress=progress)
        progress(samples.nbytes)
        return samples
    plan = buckets.count(lanes, n, compiled, threads=threads)
    _announce(measured, plan.bounds())
    shuffling.unshuffle(samples, plan.bounds(), lanes, compiled, threads=threads, progress=progress)
    target = np.empty_like(samples)
    buckets.gather(samples, target, plan, compiled, progress)
    return target


def lane_sizes(n: int) -> tuple[int, int]:
    """Return how many bucket bytes the permutation of a picture reads, and how many lanes of words.

    Args:
        n: pixels, at least 1.

    Source: docs/format.md, Permutation.
    """
    bits = buckets.bits_for(n)
    return n if bits else 0, 1 << bits


def warm() -> None:
    """Compile every kernel, or load it from the cache: a worker does this when it starts, never inside a job."""
    smallest_with_buckets = (1 << 17) + 1
    for width in WIDTHS:
        samples = np.zeros((smallest_with_buckets, width), np.uint8)
        unpermute(permute(samples, bytes(KEY_SIZE)), bytes(KEY_SIZE))


def _check(samples: NDArray[np.uint8], key: bytes) -> None:
    if samples.dtype != np.uint8 or samples.ndim != 2 or samples.shape[1] not in WIDTHS:  # noqa: PLR2004
        raise ValueError("samples must be uint8 (n, width) with a width of 1 to 4 bytes")
    if not samples.flags.c_contiguous:
        raise ValueError("samples must be contiguous")
    if len(key) != KEY_SIZE:
        raise ValueError("the permutation key has 32 bytes")


def _announce(measured: Measured | None, bounds: list[tuple[int, int]]) -> None:
    if measured is not None:
        measured.expect(bounds)


def _kernels() -> ModuleType:
    from shield_core.cipher import kernels  # noqa: PLC0415  - numba takes a third of a second to import

    return kernels
