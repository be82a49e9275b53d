"""From the pipeline's thread to the job's events: every stage, and within a stage at most ten words a second."""

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
"""What a small picture goes through within it is told in one transaction; a word costs as much as its encryption."""


class Reporter:
    """The pipeline's sink. Coalesces before numbering, so that `seq` stays dense."""

    def __init__(self, claims: Claims, claim: Claim) -> None:
        self._claims = claims
        self._claim = claim
        self._loop = asyncio.get_running_loop()
        self._lock = threading.Lock()
        self._waiting: deque[Progress] = deque()
        # The chore and the end of the job both flush; two at once would tell the stages out of order.
        self._saying = asyncio.Lock()
        self._something = asyncio.Event()
        self._new_stage = asyncio.Event()
        self._resting = False
        self._stage: Stage | None = None
        self._said: tuple[Stage, int] | None = None
        self.interruption: Interruption | None = None
        self._interrupted = asyncio.Event()

    def __call__(self, progress: Progress) -> None:
        """Take a report on the working thread; raises Cancelled once the attempt is interrupted."""
        if self.interruption is not None:
            raise Cancelled
        with self._lock:
            if self._resting:
                return
            known = bool(self._waiting)
            if known and self._waiting[-1].stage == progress.stage:
                self._waiting.pop()
            self._waiting.append(progress)
        new_stage, self._stage = progress.stage != self._stage, progress.stage
        if new_stage or not known:  # waking the loop from here costs more than all the rest
            self._loop.call_soon_threadsafe(self._wake, new_stage)
        if new_stage and progress.stage is not Stage.STORING:  # whose failpoint is in its middle
            failpoints.reach(f"worker.{progress.stage}")

    def storing(self, done: int, total: int) -> None:
        """Take the object store's count, as `S3Blobs.put` gives it."""
        self(Progress(Stage.STORING, done, total))
        if done * 4 >= total * 3:  # the first half is read to be signed, the second to be sent
            failpoints.reach("worker.storing")

    def interrupt(self, why: Interruption) -> None:
        """Let the next report raise Cancelled, and wake who waits for that; the first reason stands."""
        if self.interruption is None:
            self.interruption = why
            self._interrupted.set()

    async def interrupted(self) -> None:
        await self._interrupted.wait()

    async def begin(self, stage: Stage) -> None:
        """Report a stage and write it before it begins: where the attempt is lost, the next one knows in what."""
        self(Progress(stage))
        await self.flush()

    async def rest(self) -> None:
        """Write the stages that were not told yet, and from now on nothing: the end, which is written next, says all.

        A word that came after the end would find the lease gone.
        """
        with self._lock:
            self._resting = True
            told = self._said[0] if self._said else None
            self._waiting = deque(report for report in self._waiting if report.stage != told)
        await self.flush()

    async def run(self) -> None:
        """Write what comes, until cancelled."""
        while True:
            await self._something.wait()
            await asyncio.sleep(GATHERING_SECONDS)
            self._something.clear()
            self._new_stage.clear()
            await self.flush()
            # A new stage is told at once; more of the same waits its turn.
            with suppress(TimeoutError):
                await asyncio.wait_for(self._new_stage.wait(), INTERVAL_SECONDS)

    async def flush(self) -> None:
        """Write everything that waits."""
        async with self._saying:
            with self._lock:
                waiting = list(self._waiting)
                self._waiting.clear()
            words = [(report.stage, _percent(report)) for report in waiting]
            if words and words[0] == self._said:
                del words[0]
            if words:
                await self._say(words)

    def _wake(self, new_stage: bool) -> None:
        self._something.set()
        if new_stage:
            self._new_stage.set()

    async def _say(self, words: list[tuple[Stage, int]]) -> None:
        try:
            await self._claims.report(self._claim, words)
        except LeaseLost:
            self.interrupt(Interruption.LEASE_LOST)
        except ApplicationError:
            # A word about progress is not worth the job; its end is written with more patience.
            return
        self._said = words[-1]


def _percent(report: Progress) -> int:
    # Of a decrypt job one stage covers all checks, and is told without a percentage.
    return 0 if report.stage is Stage.VERIFYING else overall_percent(report.stage, report.done, report.total)
