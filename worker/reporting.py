"""Progress reports from the pipeline to the events of a job: every stage, and within a stage at most ten a second."""

import asyncio
import threading
from collections import deque
from contextlib import suppress

from backplane import failpoints
from backplane.errors import ApplicationError
from backplane.services.attempts.claims import Claim, Claims, LeaseLost
from shield_core.errors import Cancelled
from shield_core.progress import Progress, Stage, overall_percent
from worker.interruption import Interruption

INTERVAL_SECONDS = 0.1
GATHERING_SECONDS = 0.025
"""Reports of a small picture within this time share one transaction: one report costs as much as its encryption."""


class Reporter:
    """The pipeline's progress sink. It coalesces reports before they are numbered, so `seq` has no gap."""

    def __init__(self, claims: Claims, claim: Claim) -> None:
        self._claims = claims
        self._claim = claim
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: deque[Progress] = deque()
        # The writing task and the end of the job both flush; two at once would write the stages out of order.
        self._writing = asyncio.Lock()
        self._something = asyncio.Event()
        self._new_stage = asyncio.Event()
        self._finished = False
        self._stage: Stage | None = None
        self._written: tuple[Stage, int] | None = None
        self.interruption: Interruption | None = None
        self._interrupted = asyncio.Event()

    def __call__(self, progress: Progress) -> None:
        """Accept a report on the working thread; raise Cancelled once the attempt is interrupted."""
        if self.interruption is not None:
            raise Cancelled
        with self._lock:
            if self._finished:
                return
            known = bool(self._waiting)
            if known and self._waiting[-1].stage == progress.stage:
                self._waiting.pop()
            self._waiting.append(progress)
        new_stage, self._stage = progress.stage != self._stage, progress.stage
        if new_stage or not known:  # waking the loop from here costs more than all the rest
            self._loop.call_soon_threadsafe(self._wake, new_stage)
        if new_stage and progress.stage is not Stage.STORING:  # its failpoint is in its middle
            failpoints.reach(f"worker.{progress.stage}")

    def storing(self, done: int, total: int) -> None:
        """Accept the object store's progress, as `S3Blobs.put` reports it."""
        self(Progress(Stage.STORING, done, total))
        if done * 4 >= total * 3:  # the first half is read for the signature, the second for the transfer
            failpoints.reach("worker.storing")

    def interrupt(self, why: Interruption) -> None:
        """Let the next report raise Cancelled, and wake the tasks that wait for it; the first reason counts."""
        if self.interruption is None:
            self.interruption = why
            self._interrupted.set()

    async def interrupted(self) -> None:
        await self._interrupted.wait()

    async def begin(self, stage: Stage) -> None:
        """Write a stage before it begins: if the attempt is lost, the next attempt knows in which stage."""
        self(Progress(stage))
        await self.flush()

    async def finish(self) -> None:
        """Write the remaining stages, and nothing after them: the end is written next.

        A report after the end would find the lease gone.
        """
        with self._lock:
            self._finished = True
            written = self._written[0] if self._written else None
            self._waiting = deque(report for report in self._waiting if report.stage != written)
        await self.flush()

    async def run(self) -> None:
        """Write reports as they arrive, until cancelled."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHERING_SECONDS)
            self._something.clear()
            self._new_stage.clear()
            await self.flush()
            # A new stage is written at once; further reports of the same stage wait for the interval.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._new_stage.wait(), INTERVAL_SECONDS)

    async def flush(self) -> None:
        """Write all waiting reports."""
        async with self._writing:
            with self._lock:
                waiting = list(self._waiting)
                self._waiting.clear()
            reports = [(report.stage, _percent(report)) for report in waiting]
            if reports and reports[0] == self._written:
                del reports[0]
            if reports:
                await self._write(reports)

    def _wake(self, new_stage: bool) -> None:
        self._something.set()
        if new_stage:
            self._new_stage.set()

    async def _write(self, reports: list[tuple[Stage, int]]) -> None:
        try:
            await self._claims.report(self._claim, reports)
        except LeaseLost:
            self.interrupt(Interruption.LEASE_LOST)
        except ApplicationError:
            # A lost progress report must not fail the job; its end is written with more retries.
            return
        self._written = reports[-1]


def _percent(report: Progress) -> int:
    # In a decrypt job one stage covers all checks, and is reported without a percentage.
    return 0 if report.stage is Stage.VERIFYING else overall_percent(report.stage, report.done, report.total)
