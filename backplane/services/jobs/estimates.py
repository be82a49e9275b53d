"""Estimates of waiting and working time from earlier jobs, and admission to the queue."""

import asyncio
import math
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar
from uuid import UUID

from backplane.bus import RedisBus
from backplane.db.models import Job
from backplane.db.repositories import estimates
from backplane.db.repositories.estimates import Pace, Waiting
from backplane.db.session import Database
from backplane.errors import Overloaded, Unavailable
from backplane.kinds import KINDS

PACE_SECONDS = 10.0
WAITING_SECONDS = 2.0
"""The maximum age of the figures. Between two reads a process counts the jobs that it has admitted itself."""

ENOUGH_JOBS = 3
"""With fewer jobs the median of a sort says little, and the median of its kind is used."""

RATIOS = 0.05, 50.0
"""Limits of the ratio: outside of them the clock or the job was unusual, not the machine."""

SHARE = 2
"""One account may fill half of the queue, so that other accounts still find room."""

LONGEST_RETRY_SECONDS = 60

T = TypeVar("T")
Sort = tuple[str, str | None, str | None, bool]


class Remembered(Generic[T]):
    """A cached value, read again once it is too old; concurrent readers share one read, and its failure."""

    def __init__(self, read: Callable[[], Awaitable[T]], *, seconds: float) -> None:
        self._read = read
        self._seconds = seconds
        self._read_at = -math.inf
        self._reading: asyncio.Future[T] | None = None

    async def get(self) -> T:
        over = self._reading is None or self._reading.done()
        if self._reading is None or (over and time.monotonic() - self._read_at > self._seconds):
            self._reading = asyncio.ensure_future(self._read_now())
        # The first reader may be cancelled; the others still need the value.
        return await asyncio.shield(self._reading)

    async def _read_now(self) -> T:
        value = await self._read()
        self._read_at = time.monotonic()
        return value


class Paces:
    """The ratios of measured to estimated times of recent jobs."""

    def __init__(self, paces: Iterable[Pace] = ()) -> None:
        self._of_sort: dict[Sort, float] = {}
        of_kind = defaultdict[str, list[tuple[float, int]]](list)
        for kind, purity, layout, analyze, ratio, jobs in paces:
            if jobs >= ENOUGH_JOBS:
                self._of_sort[kind, purity, layout, analyze] = ratio
            of_kind[kind].append((ratio, jobs))
        self._of_kind = {kind: _mean(found) for kind, found in of_kind.items()}

    def of(self, job: Job) -> float:
        sort = job.kind, job.purity_requested, job.layout, bool(job.analyze)
        return _within(self._of_sort.get(sort) or self.of_kind(job.kind))

    def of_kind(self, kind: str) -> float:
        return _within(self._of_kind.get(kind, 1.0))


class Backlog:
    """The waiting work, by priority and account."""

    def __init__(self, found: Iterable[Waiting], paces: Paces, *, workers: int) -> None:
        self._workers = max(1, workers)
        self._waiting = defaultdict[int, dict[UUID, tuple[int, float]]](dict)
        self._jobs: Counter[UUID] = Counter()
        for priority, account_id, kind, jobs, base_ms in found:
            self.add(priority, account_id, base_ms * paces.of_kind(kind), jobs=jobs)
            self.let_in(account_id, jobs)

    def let_in(self, account_id: UUID, jobs: int) -> None:
        """Count admitted jobs of any kind."""
        self._jobs[account_id] += jobs

    def add(self, priority: int, account_id: UUID, work_ms: float, *, jobs: int = 1) -> None:
        before = self._waiting[priority].get(account_id, (0, 0.0))
        self._waiting[priority][account_id] = before[0] + jobs, before[1] + work_ms

    @property
    def jobs(self) -> int:
        return self._jobs.total()

    def jobs_of(self, account_id: UUID) -> int:
        return self._jobs[account_id]

    def wait_ms(self, priority: int, account_id: UUID) -> float:
        """Estimate how long a new job waits: for all jobs of higher priority, and for the turns before its own."""
        better = sum(work for one in self._waiting if one < priority for _, work in self._waiting[one].values())
        queue = self._waiting[priority]
        turns = queue.get(account_id, (0, 0.0))[0] + 1
        same = sum(work * min(1.0, turns / jobs) for jobs, work in queue.values() if jobs)
        return (better + same) / self._workers

    @property
    def drained_ms(self) -> float:
        """Estimate the time until all waiting jobs are done."""
        return sum(work for queue in self._waiting.values() for _, work in queue.values()) / self._workers


class Estimates:
    def __init__(self, database: Database, bus: RedisBus, *, max_pending: int) -> None:
        self._database = database
        self._bus = bus
        self._max_pending = max_pending
        self._paces = Remembered(self._read_paces, seconds=PACE_SECONDS)
        self._backlog = Remembered(self._read_backlog, seconds=WAITING_SECONDS)

    async def require_room(self, account_id: UUID, *, jobs: int = 1) -> None:
        """Check that so many more jobs may wait, before anything is stored for them; they count from now on.

        Raises:
            Overloaded: too many jobs wait already, of all accounts or of this one.
        """
        backlog = await self._backlog.get()
        retry_after = min(LONGEST_RETRY_SECONDS, max(1, math.ceil(backlog.drained_ms / 1000 / 10)))
        if backlog.jobs + jobs > self._max_pending:
            raise Overloaded("Too many jobs wait already: try again later", retry_after=retry_after)
        if backlog.jobs_of(account_id) + jobs > max(1, self._max_pending // SHARE):
            raise Overloaded("Too many of your jobs wait already: try again later", retry_after=retry_after)
        backlog.let_in(account_id, jobs)

    async def estimate_ms(self, job: Job) -> int:
        """Estimate the time from now to the job's end, from its `base_ms`; later jobs wait for it too."""
        paces, backlog = await self._paces.get(), await self._backlog.get()
        work_ms = job.base_ms * paces.of(job)
        wait_ms = backlog.wait_ms(job.priority, job.account_id)
        backlog.add(job.priority, job.account_id, work_ms)
        return round(work_ms + wait_ms)

    async def _read_paces(self) -> Paces:
        async with self._database.reading() as session:
            return Paces(await estimates.paces(session, tuple(KINDS)))

    async def _read_backlog(self) -> Backlog:
        paces = await self._paces.get()
        async with self._database.reading() as session:
            found = await estimates.waiting(session)
        return Backlog(found, paces, workers=await self._count_workers())

    async def _count_workers(self) -> int:
        """Count the processes that take jobs, as far as known: each reports the level of its pool."""
        try:
            return len(await self._bus.read_pools())
        except Unavailable:
            return 0


def _mean(found: list[tuple[float, int]]) -> float:
    return sum(ratio * jobs for ratio, jobs in found) / sum(jobs for _, jobs in found)


def _within(ratio: float) -> float:
    return min(max(ratio, RATIOS[0]), RATIOS[1])
