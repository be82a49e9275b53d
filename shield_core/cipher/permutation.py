"""The keyed permutation of pixels: the visual layer of the scheme, uniform over all orders, equal on every platform.

It adds no confidentiality beyond the keystream.
"""

from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher import buckets, shuffling
from shield_core.cipher.keystream import Lanes, Measured
from shield_core.cipher.pixels import WIDTHS
from shield_core.cipher.threads import useful_threads
from shield_core.progress import Advance, nothing

KEY_SIZE = 32


def room(n: int, width: int, *, threads: int = 1) -> int:
    """Return how many bytes of memory `permute` needs beside the picture.

    Args:
        n: pixels.
        width: bytes of a pixel.
        threads: as for `permute`.
    """
    return width * (buckets.room(n, threads=useful_threads(n, threads)) if n else 0)


def permute(
    samples: NDArray[np.uint8],
    key: bytes,
    *,
    measured: Measured | None = None,
    out: NDArray[np.uint8] | None = None,
    memory: NDArray[np.uint8] | None = None,
    threads: int = 1,
    settled: Advance = nothing,
    progress: Advance = nothing,
) -> NDArray[np.uint8]:
    """Return the pixels in the order that a key determines.

    Args:
        samples: uint8 (n, width), C-contiguous, width 1 to 4; not changed unless it is also `out`.
        key: 32 bytes.
        measured: XORed with every lane of the key.
        out: uint8 (n, width), C-contiguous, where to write; may be `samples` itself. A new array where none is given.
        memory: uint8 (bytes,), contiguous, at least `room(...)` bytes, as work space: fresh memory costs a tenth of the
            time. Allocated where none is given.
        threads: 1 or 2; the result is the same. Small pictures take one.
        settled: called from time to time with the number of pixels, from the start of `out`, that are final, so that
            the caller can process them.
        progress: called with the bytes moved, in all twice `samples.nbytes`.

    Returns:
        `out`, or a new array, uint8 (n, width).

    Raises:
        ValueError: another shape, width, layout or key length.

    Source: docs/reference/format.md, Permutation: Rao-Sandelius, Fisher-Yates in each bucket, Lemire's rejection
    (doi:10.1145/3230636).
    """
    _check(samples, key)
    n, width = samples.shape
    out = np.empty_like(samples) if out is None else out
    if n < 2:  # noqa: PLR2004  - one pixel has one order
        out[:] = samples
        progress(2 * samples.nbytes)
        return out
    compiled, lanes, threads = _kernels(), Lanes(key, measured), useful_threads(n, threads)
    places = buckets.room(n, threads=threads)
    memory = np.empty(places * width, np.uint8) if memory is None else memory[: places * width]
    memory = memory.reshape(places, width)
    if buckets.bits_for(n):
        runs = buckets.scatter(samples, lanes, compiled, memory, threads=threads, progress=progress)
    else:
        runs = buckets.one(samples, memory)
        progress(samples.nbytes)
    _announce(measured, runs.bounds())
    shuffling.shuffle(runs, out, lanes, compiled, threads=threads, settled=settled, progress=progress)
    return out


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
        samples: uint8 (n, width), C-contiguous, writable, width 1 to 4; **used as work space, undefined after**.
        key: 32 bytes.
        measured: XORed with every lane of the key.
        threads: 1 or 2; the result is the same.
        progress: called with the bytes moved, in all twice `samples.nbytes`.

    Returns:
        uint8 (n, width); for small pictures the same memory as `samples`.

    Raises:
        ValueError: another shape, width, layout or key length.
    """
    _check(samples, key)
    n = len(samples)
    threads = useful_threads(n, threads)
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

    Source: docs/reference/format.md, Permutation.
    """
    bits = buckets.bits_for(n)
    return n if bits else 0, 1 << bits


def warm() -> None:
    """Compile every kernel, or load it from the cache: a worker calls this when it starts, never inside a job."""
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
