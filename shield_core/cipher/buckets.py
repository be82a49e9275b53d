"""Step (a) of the permutation and its inverse: move every pixel to the bucket that its byte of lane 1 names.

The picture is split into one part for each thread. Inside a bucket the pixels of part 0 come before those of part 1,
so the result does not depend on the number of threads. In the forward direction each part has its own run for each
bucket, in memory with some spare room, so no counting pass is needed. The inverse generates the bytes of lane 1 twice,
to count and to move, instead of keeping them: one byte for each pixel would be the memory of a second gray picture.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher.keystream import BLOCK, STEP, Lanes
from shield_core.cipher.pixels import wide
from shield_core.cipher.threads import Worker, run_tasks
from shield_core.progress import Advance, nothing

LANE = 1
_MOST_BITS = 8
_SPARE = 6  # standard deviations of room beyond the mean of a run: exceeded once in a million pictures
_SMALL = 17  # a bucket of 2^17 pixels fits the second-level cache; fewer pixels are not split

_TWO_LINES = 16  # numbers of 8 bytes; the cache fetches lines in pairs

Part = tuple[int, int, int]
"""The number of the part, its first pixel and the pixel after its last."""


def bits_for(n: int) -> int:
    """Return k, where 2^k is the number of buckets.

    Args:
        n: the number of pixels, at least 1.

    Source: docs/reference/format.md, Permutation.
    """
    return min(_MOST_BITS, max(0, (n - 1).bit_length() - _SMALL))


@dataclass(frozen=True, slots=True)
class Runs:
    """Pixels in their buckets: one run for each part of the picture and each bucket.

    `memory` is uint8 (places, width), with a free place after every run; `starts` and `sizes` are int64
    (parts, buckets).
    """

    memory: NDArray[np.uint8]
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def bounds(self) -> list[tuple[int, int]]:
        """Return the first place of every bucket in the permuted picture, and the place after its last."""
        return _bounds(self.sizes)

    def by_bucket(self) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """Return where the runs of every bucket start and how many pixels they have, uint64 (buckets, parts)."""
        return self.starts.T.astype(np.uint64, "C"), self.sizes.T.astype(np.uint64, "C")


def room(n: int, *, threads: int) -> int:
    """Return how many places `scatter` needs for a picture.

    Args:
        n: pixels, at least 1.
        threads: 1 or 2.
    """
    return _total(_likely(_cut(n, threads), 1 << bits_for(n)))


def one(source: NDArray[np.uint8], memory: NDArray[np.uint8]) -> Runs:
    """Copy a picture that is not split: one bucket, one run.

    Args:
        source: uint8 (n, width), n at most 2^17.
        memory: uint8 (places, width), at least `room(n)` places, written.
    """
    n = len(source)
    memory[:n] = source
    return Runs(memory, np.zeros((1, 1), np.int64), np.full((1, 1), n, np.int64))


def scatter(
    source: NDArray[np.uint8],
    lanes: Lanes,
    kernels: ModuleType,
    memory: NDArray[np.uint8],
    *,
    threads: int,
    progress: Advance,
) -> Runs:
    """Write the pixels of a picture into their buckets.

    If a run has too little room, the first try still finds all sizes, and a second try in its own memory fits exactly.

    Args:
        source: uint8 (n, width), C-contiguous, n more than 2^17.
        lanes: of the permutation key.
        kernels: `shield_core.cipher.kernels`.
        memory: uint8 (places, width), C-contiguous, at least `room(n)` places, written.
        threads: 1 or 2.
        progress: called with the bytes done.
    """
    parts = _cut(len(source), threads)
    rooms = _likely(parts, 1 << bits_for(len(source)))
    sizes = _scatter(source, lanes, kernels, memory, parts, rooms, progress)
    if (sizes >= rooms).any():
        rooms = sizes + 1
        memory = np.empty((_total(rooms), source.shape[1]), np.uint8)
        _scatter(source, lanes, kernels, memory, parts, rooms, nothing)
    return Runs(memory, _starts(rooms), sizes)


def _scatter(  # noqa: PLR0917
    source: NDArray[np.uint8],
    lanes: Lanes,
    kernels: ModuleType,
    memory: NDArray[np.uint8],
    parts: tuple[Part, ...],
    rooms: NDArray[np.int64],
    progress: Advance,
) -> NDArray[np.int64]:
    """Write what fits into runs of given sizes, and return how large each should have been."""
    last = len(source) - 1
    mask = np.uint8(rooms.shape[1] - 1)
    places = wide(memory, 0, _total(rooms) - 1)
    starts = _starts(rooms).astype(np.uint64)
    ends = _apart(starts)
    limits = starts + (rooms - 1).astype(np.uint64)  # writing a pixel of 3 bytes overwrites a byte of the next place

    def new_worker() -> Worker[Part]:
        choices_memory = np.empty(STEP, np.uint8)

        def work(part: Part) -> Iterator[int]:
            own, own_limits = ends[part[0]], limits[part[0]]
            for at, choices in _choices(lanes, part[1], part[2], choices_memory):
                stop = min(at + choices.size, last)
                kernels.scatter(wide(source, at, stop), places, choices[: stop - at], mask, own, own_limits)
                if stop < at + choices.size:  # the picture's last pixel has no integer view
                    bucket = choices[-1] & mask
                    if own[bucket] < own_limits[bucket]:
                        memory[int(own[bucket])] = source[last]
                    own[bucket] += np.uint64(1)
                yield choices.size * source.shape[1]

        return work

    run_tasks(parts, new_worker, threads=len(parts), progress=progress)
    return (ends - starts).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Buckets:
    """The position of each part's pixels in each bucket of the permuted picture: int64 (parts, buckets)."""

    lanes: Lanes
    n: int
    parts: tuple[Part, ...]
    mask: np.uint8
    starts: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def bounds(self) -> list[tuple[int, int]]:
        """Return the first place of every bucket and the place after its last."""
        return _bounds(self.sizes)

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
    parts = _cut(n, threads)
    buckets = 1 << bits_for(n)
    sizes = np.zeros((len(parts), buckets), np.int64)
    mask = np.uint8(buckets - 1)

    def new_worker() -> Worker[Part]:
        memory = np.empty(STEP, np.uint8)

        def work(part: Part) -> Iterator[int]:
            number, start, stop = part
            tables = np.zeros((4, buckets), np.uint64)
            for _, choices in _choices(lanes, start, stop, memory):
                kernels.count(choices, mask, tables)
                yield 0
            sizes[number] = tables.sum(axis=0)

        return work

    run_tasks(parts, new_worker, threads=threads, progress=nothing)
    runs = sizes.T.reshape(-1)  # bucket 0 of part 0, bucket 0 of part 1, bucket 1 of part 0 ...
    starts = (np.cumsum(runs) - runs).reshape(buckets, len(parts)).T
    return Buckets(lanes, n, parts, mask, np.ascontiguousarray(starts), sizes)


def gather(
    source: NDArray[np.uint8], target: NDArray[np.uint8], plan: Buckets, kernels: ModuleType, progress: Advance
) -> None:
    """Move the pixels of a picture back from their buckets, one after the other: the inverse of `scatter`.

    Args:
        source: uint8 (n, width), C-contiguous.
        target: uint8 (n, width), C-contiguous, written.
        plan: the buckets of the same n.
        kernels: `shield_core.cipher.kernels`.
        progress: called with the bytes done.
    """
    last = plan.n - 1
    buckets = wide(source, 0, last)

    def new_worker() -> Worker[Part]:
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
                if some.size < choices.size:  # a wide write would overwrite the pixel of the next part
                    target[own_last] = source[int(ends[choices[-1] & plan.mask])]
                yield choices.size * source.shape[1]

        return work

    run_tasks(plan.parts, new_worker, threads=len(plan.parts), progress=progress)


def _choices(lanes: Lanes, start: int, stop: int, memory: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    lane = lanes.open(LANE, block=start // BLOCK)
    for at in range(start, stop, STEP):
        choices = memory[: min(STEP, stop - at)]
        lane.fill(choices)
        yield at, choices
    memory[:] = 0


def _cut(n: int, threads: int) -> tuple[Part, ...]:
    edges = [n * number // threads // BLOCK * BLOCK for number in range(threads)] + [n]
    return tuple((number, edges[number], edges[number + 1]) for number in range(threads))


def _likely(parts: tuple[Part, ...], buckets: int) -> NDArray[np.int64]:
    """Return the room of each run, int64 (parts, buckets), with a free place at its end."""
    means = np.array([(stop - start) / buckets for _, start, stop in parts])
    return np.repeat(np.ceil(means + _SPARE * np.sqrt(means)).astype(np.int64)[:, None] + 1, buckets, axis=1)


def _starts(rooms: NDArray[np.int64]) -> NDArray[np.int64]:
    # One part after the other, so that two threads never touch the same page of fresh memory at the same time.
    return (np.cumsum(rooms) - rooms.reshape(-1)).reshape(rooms.shape)


def _apart(rows: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Copy rows so far apart that no two rows share a cache line.

    Each thread writes its own row for every pixel: with a shared cache line, two threads were slower than one.
    """
    columns = rows.shape[1]
    spread = np.empty((len(rows), columns + _TWO_LINES), np.uint64)
    spread[:, :columns] = rows
    return spread[:, :columns]


def _total(rooms: NDArray[np.int64]) -> int:
    return int(rooms.sum())


def _bounds(sizes: NDArray[np.int64]) -> list[tuple[int, int]]:
    totals = sizes.sum(axis=0)
    ends = np.cumsum(totals)
    return [(int(end - size), int(end)) for end, size in zip(ends, totals, strict=True)]
