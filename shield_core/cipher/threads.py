"""Run tasks on one or two threads, and report progress on the calling thread.

The compiled kernels, ChaCha20 and the hash functions release the GIL, so threads of one process use both cores.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from shield_core.progress import Advance

_WORTH_A_THREAD = 1 << 20  # pixels; for fewer, starting a thread costs more than it saves

Task = TypeVar("Task")
Result = TypeVar("Result")
Worker = Callable[[Task], Iterator[int]]
"""Does one task in steps, and yields the number of bytes done after each."""


def useful_threads(n: int, threads: int) -> int:
    """Return how many threads to use for a picture.

    Args:
        n: pixels.
        threads: the most to use.
    """
    return threads if n >= _WORTH_A_THREAD else 1


def run_tasks(
    tasks: Sequence[Task], new_worker: Callable[[], Worker[Task]], *, threads: int, progress: Advance
) -> None:
    """Run all tasks, each on the next free thread.

    Args:
        tasks: they must not depend on each other.
        new_worker: makes the worker of one thread, with its own memory.
        threads: 1, or more to use one helper for each further thread.
        progress: called on this thread only, also for the work of the helpers; an exception from it stops the work.

    Raises:
        Exception: the exception that a worker or `progress` raised; tasks that have not begun are dropped.
    """
    queue = iter(tasks)  # threads may share the iterator of a list: one step of it is atomic
    done: deque[int] = deque()
    with ThreadPoolExecutor(max(1, threads - 1)) as pool:
        helpers = [pool.submit(_drain, queue, new_worker, done.append) for _ in range(min(threads, len(tasks)) - 1)]
        try:
            _drain(queue, new_worker, lambda size: _report(done, size, progress))
            for helper in helpers:
                helper.result()
        finally:
            deque(queue, maxlen=0)
    if done:
        progress(sum(done))


@contextmanager
def run_beside(work: Callable[[], Result], *, threads: int) -> Iterator[Callable[[], Result]]:
    """Run work on a second thread while the block runs, or before the block if there is only one thread.

    Args:
        work: it must not touch memory that the block writes.
        threads: 1, or more to use a helper.

    Yields:
        A function that waits for the result and returns it; the end of the block waits as well.
    """
    if threads == 1:
        result = work()
        yield lambda: result
        return
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit(work).result


def _drain(queue: Iterator[Task], new_worker: Callable[[], Worker[Task]], report: Advance) -> None:
    work = new_worker()
    for task in queue:
        for size in work(task):
            report(size)


def _report(done: deque[int], size: int, progress: Advance) -> None:
    elsewhere = sum(done.popleft() for _ in range(len(done)))
    progress(size + elsewhere)
