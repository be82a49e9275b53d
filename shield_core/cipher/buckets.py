"""Step (a) of the permutation: every pixel goes to the bucket that its byte of lane 1 names, and comes back.

The picture is cut into one part for each thread. Inside a bucket the pixels of part 0 stand before those of part 1,
so the result does not depend on the number of threads. The bytes of lane 1 are made twice, to count and to move,
rather than kept: a byte for each pixel would be as much memory again as a gray picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher import crew
from shield_core.cipher.keystream import BLOCK, STEP, Lanes
from shield_core.cipher.pixels import wide
from shield_core.progress import Advance, nothing

LANE = 1
_MOST_BITS = 8
_SMALL = 17  # a bucket of 2^17 pixels fits the second-level cache; fewer pixels are not split

Part = tuple[int, int, int]
"""The part's number, its first pixel and the pixel after its last."""


def bits_for(n: int) -> int:
    """Return k, where 2^k is the number of buckets.

    Args:
        n: the number of pixels, at least 1.

    Source: docs/format.md, Permutation.
    """
    return min(_MOST_BITS, max(0, (n - 1).bit_length() - _SMALL))


@dataclass(frozen=True, slots=True)
class Buckets:
    """Where each part's pixels stand in each bucket.

    `starts` and `sizes` are int64 (parts, buckets); `first` is the picture's first pixel in each of these runs, -1
    for none.
    """

    lanes: Lanes
    n: int
    parts: tuple[Part, ...]
    mask: np.uint8
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]
    first: NDArray[np.int64]

    def bounds(self) -> list[tuple[int, int]]:
        """Return the first place of every bucket and the place after its last."""
        ends = np.cumsum(self.sizes.sum(axis=0))
        return [(int(end - size), int(end)) for end, size in zip(ends, self.sizes.sum(axis=0), strict=True)]

    def choices(self, part: Part, memory: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """Yield the bucket bytes of a part in steps of 1 MiB, each with the number of its first pixel."""
        _, start, stop = part
        return _choices(self.lanes, start, stop, memory)


def count(lanes: Lanes, n: int, kernels: ModuleType, *, threads: int) -> Buckets:
    """Count the buckets of n pixels.

    Args:
        lanes: of the permutation key.
        n: pixels, more than 2^17.
        kernels: `shield_core.cipher.kernels`.
        threads: 1 or 2.
    """
    edges = [n * number // threads // BLOCK * BLOCK for number in range(threads)] + [n]
    parts: tuple[Part, ...] = tuple((number, edges[number], edges[number + 1]) for number in range(threads))
    buckets = 1 << bits_for(n)
    sizes = np.zeros((len(parts), buckets), np.int64)
    first = np.full((len(parts), buckets), -1, np.int64)
    mask = np.uint8(buckets - 1)

    def new_worker() -> crew.Worker[Part]:
        memory = np.empty(STEP, np.uint8)

        def work(part: Part) -> Iterator[int]:
            number, start, stop = part
            tables = np.zeros((4, buckets), np.uint64)
            for at, choices in _choices(lanes, start, stop, memory):
                kernels.count(choices, mask, tables)
                if (first[number] < 0).any():
                    kernels.note_first(choices, mask, at, first[number])
                yield 0
            sizes[number] = tables.sum(axis=0)

        return work

    crew.run(parts, new_worker, threads=threads, progress=nothing)
    runs = sizes.T.reshape(-1)  # bucket 0 of part 0, bucket 0 of part 1, bucket 1 of part 0 ...
    starts = (np.cumsum(runs) - runs).reshape(buckets, len(parts)).T
    return Buckets(lanes, n, parts, mask, np.ascontiguousarray(starts), sizes, first)


def scatter(
    source: NDArray[np.uint8], target: NDArray[np.uint8], plan: Buckets, kernels: ModuleType, progress: Advance
) -> None:
    """Write the pixels of a picture into their buckets.

    Args:
        source: uint8 (n, width), C-contiguous.
        target: uint8 (n, width), C-contiguous, written.
        plan: of the same n.
        kernels: `shield_core.cipher.kernels`.
        progress: told the bytes done.
    """
    last = plan.n - 1
    buckets = wide(target, 0, last)

    def new_worker() -> crew.Worker[Part]:
        memory = np.empty(STEP, np.uint8)

        def work(part: Part) -> Iterator[int]:
            ends = plan.starts[part[0]].astype(np.uint64)
            for at, choices in plan.choices(part, memory):
                stop = min(at + choices.size, last)
                some = choices[: stop - at]
                left_out = kernels.scatter(wide(source, at, stop), buckets, some, plan.mask, ends)
                if left_out < some.size:
                    target[last] = source[at + left_out]
                if some.size < choices.size:  # the picture's last pixel has no integer view
                    target[int(ends[choices[-1] & plan.mask])] = source[last]
                yield choices.size * source.shape[1]

        return work

    crew.run(plan.parts, new_worker, threads=len(plan.parts), progress=progress)
    # The last pixel of each run spoilt a byte of the next run's first pixel.
    used = plan.first >= 0
    target[plan.starts[used]] = source[plan.first[used]]


def gather(
    source: NDArray[np.uint8], target: NDArray[np.uint8], plan: Buckets, kernels: ModuleType, progress: Advance
) -> None:
    """Take the pixels of a picture back from their buckets: the inverse of `scatter`.

    Args:
        source: uint8 (n, width), C-contiguous.
        target: uint8 (n, width), C-contiguous, written.
        plan: of the same n.
        kernels: `shield_core.cipher.kernels`.
        progress: told the bytes done.
    """
    last = plan.n - 1
    buckets = wide(source, 0, last)

    def new_worker() -> crew.Worker[Part]:
        memory = np.empty(STEP, np.uint8)

        def work(part: Part) -> Iterator[int]:
            ends = plan.starts[part[0]].astype(np.uint64)
            own_last = part[2] - 1
            for at, choices in plan.choices(part, memory):
                stop = min(at + choices.size, own_last)
                some = choices[: stop - at]
                left_out = kernels.gather(buckets, wide(target, at, stop), some, plan.mask, ends)
                if left_out < some.size:
                    target[at + left_out] = source[last]
                if some.size < choices.size:  # a wide write would spoil the pixel of the next part
                    target[own_last] = source[int(ends[choices[-1] & plan.mask])]
                yield choices.size * source.shape[1]

        return work

    crew.run(plan.parts, new_worker, threads=len(plan.parts), progress=progress)


def _choices(lanes: Lanes, start: int, stop: int, memory: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    lane = lanes.open(LANE, block=start // BLOCK)
    for at in range(start, stop, STEP):
        choices = memory[: min(STEP, stop - at)]
        lane.fill(choices)
        yield at, choices
    memory[:] = 0
