"""Step (b) of the permutation: an unbiased shuffle inside every bucket, and its inverse.

A bucket fits the second-level cache, so the random swaps cost little. The shuffle copies its pixels from their runs
into an array of integers, and writes them to the picture as they become final.
"""

from collections.abc import Callable, Iterator
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from shield_core.cipher.buckets import Runs
from shield_core.cipher.keystream import Lane, Lanes
from shield_core.cipher.pixels import INTEGERS, Pixels, packed, to_bytes, to_integer, wide, wide_early
from shield_core.cipher.threads import Worker, run_tasks
from shield_core.progress import Advance

FIRST_LANE = 2
_WORDS = 1 << 17  # drawn at a time: one call for most buckets, because two threads contend for the GIL after each call
_PARTNERS = 256  # drawn at a time: one kibibyte, always in the first-level cache

Bucket = tuple[int, tuple[int, int]]
"""The number of the bucket, its first place and the place after its last."""


class _Workspace:
    """The memory of one thread, wiped when the work is done."""

    def __init__(self, largest: int, width: int) -> None:
        self.keystream = np.empty(4 * min(_WORDS, largest), np.uint8)
        self.partners = np.empty(largest, np.uint32)
        self.pixels: Pixels = np.empty(largest, INTEGERS[width])

    def words(self, lane: Lane | None, most: int) -> NDArray[np.uint32]:
        """Return the next words of a lane, at most `most`: never more words than remaining draws."""
        some = self.keystream[: 4 * most]
        if lane is not None:
            lane.fill(some)
        return some.view(np.uint32)

    def wipe(self) -> None:
        for memory in (self.keystream, self.partners, self.pixels):
            memory[:] = 0


def shuffle(
    runs: Runs,
    samples: NDArray[np.uint8],
    lanes: Lanes,
    kernels: ModuleType,
    *,
    threads: int,
    settled: Advance,
    progress: Advance,
) -> None:
    """Shuffle the pixels of every bucket from their runs into the picture.

    Args:
        runs: the pixels in their buckets; not changed.
        samples: uint8 (n, width), C-contiguous, written.
        lanes: of the permutation key.
        kernels: `shield_core.cipher.kernels`.
        threads: 1 or 2; the result is the same.
        settled: called on this thread from time to time with the number of pixels, from the first on, that are final.
        progress: called with the bytes done, after each bucket.
    """
    places = wide(runs.memory, 0, len(runs.memory) - 1)
    starts, sizes = runs.by_bucket()

    def one(number: int, bucket: NDArray[np.uint8], workspace: _Workspace) -> None:
        pixels, partners = workspace.pixels[: len(bucket)], workspace.partners[:_PARTNERS]
        target, shift = wide_early(bucket, 1, len(bucket))
        top = len(bucket) - 1
        lane = lanes.open(FIRST_LANE + number) if top else None
        top = kernels.take_and_shuffle(
            places, starts[number], sizes[number], pixels, workspace.words(lane, top), target, shift, partners
        )
        while top:
            top = kernels.shuffle(pixels, workspace.words(lane, top), np.uint64(top), target, shift, partners)
        bucket[0] = to_bytes(int(pixels[0]), bucket.shape[1])

    bounds = runs.bounds()
    ended = bytearray(len(bounds))
    front = 0

    def one_more(number: int, bucket: NDArray[np.uint8], workspace: _Workspace) -> None:
        if len(bucket):
            one(number, bucket, workspace)
        ended[number] = True

    def tell(size: int) -> None:
        nonlocal front
        front = ended.find(0, front) if 0 in ended else len(bounds)
        if front:
            settled(bounds[front - 1][1])
        progress(size)

    _each(one_more, samples, bounds, threads=threads, progress=tell)


def unshuffle(
    samples: NDArray[np.uint8],
    bounds: list[tuple[int, int]],
    lanes: Lanes,
    kernels: ModuleType,
    *,
    threads: int,
    progress: Advance,
) -> None:
    """Undo `shuffle` in place.

    Args:
        samples: uint8 (n, width), C-contiguous, writable.
        bounds: first place and place after the last, for each bucket.
        lanes: of the permutation key.
        kernels: `shield_core.cipher.kernels`.
        threads: 1 or 2; the result is the same.
        progress: called with the bytes done, after each bucket.
    """

    def one(number: int, bucket: NDArray[np.uint8], workspace: _Workspace) -> None:
        if len(bucket) > 1:
            _unshuffle(bucket, lanes.open(FIRST_LANE + number), workspace, kernels)

    _each(one, samples, bounds, threads=threads, progress=progress)


def _each(
    one: Callable[[int, NDArray[np.uint8], _Workspace], None],
    samples: NDArray[np.uint8],
    bounds: list[tuple[int, int]],
    *,
    threads: int,
    progress: Advance,
) -> None:
    largest = max(stop - start for start, stop in bounds)
    benches: list[_Workspace] = []

    def new_worker() -> Worker[Bucket]:
        workspace = _Workspace(largest, samples.shape[1])
        benches.append(workspace)

        def work(task: Bucket) -> Iterator[int]:
            number, (start, stop) = task
            bucket = samples[start:stop]
            one(number, bucket, workspace)
            yield bucket.size

        return work

    try:
        run_tasks(list(enumerate(bounds)), new_worker, threads=threads, progress=progress)
    finally:
        for workspace in benches:
            workspace.wipe()


def _unshuffle(bucket: NDArray[np.uint8], lane: Lane, workspace: _Workspace, kernels: ModuleType) -> None:
    m = len(bucket)
    top = m - 1
    while top:
        top -= kernels.draw(workspace.words(lane, top), np.uint64(top), workspace.partners[m - 1 - top :])
    partners = workspace.partners[: m - 1]
    last = to_integer(bucket[m - 1])
    pixels = wide(bucket, 0, m) if not packed(bucket) else workspace.pixels[:m]
    pixels[0] = to_integer(bucket[0])
    kernels.unshuffle(wide(bucket, 0, m - 1), partners, pixels)
    pixels[m - 1] = pixels[partners[0]]
    pixels[partners[0]] = last
    if packed(bucket):
        kernels.copy(pixels[: m - 1], wide(bucket, 0, m - 1))
        bucket[m - 1] = to_bytes(int(pixels[m - 1]), bucket.shape[1])
