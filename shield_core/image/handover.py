"""A second thread that processes pieces of a picture in order while the first thread makes the next pieces."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

WAITING: Final = 2
"""Pieces that are handed over and not finished: one is processed, one waits."""

Piece = TypeVar("Piece")
Finished = Callable[[NDArray[np.uint8]], object]
"""Receives the samples piece by piece, in order."""


def ignore(_: NDArray[np.uint8]) -> None:
    """Do nothing with a piece."""


@contextmanager
def handover(work: Callable[[Piece], object], *, threads: int) -> Iterator[Callable[[Piece], object]]:
    """Give the block a function that hands over pieces.

    Args:
        work: called with every piece, one after the other. A later handover or the end of the block raises its
            exceptions.
        threads: 1 to do the work on the calling thread, or more for a second thread.

    Yields:
        A function that hands over a piece; it waits while `WAITING` pieces are not finished. The end of the block waits
        for all.
    """
    if threads == 1:
        yield work
        return
    waiting: deque[Future[object]] = deque()
    with ThreadPoolExecutor(1) as pool:

        def hand_over(piece: Piece) -> None:
            if len(waiting) == WAITING:
                waiting.popleft().result()
            waiting.append(pool.submit(work, piece))

        yield hand_over
        for future in waiting:
            future.result()
