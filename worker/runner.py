"""The runner: it takes the next job of the queue for each message, and does the work of its kind."""

import asyncio
import time
from importlib import import_module
from uuid import UUID

import structlog

from backplane import failpoints, ids
from backplane.errors import ApplicationError
from backplane.kinds import KINDS
from backplane.metrics import JOB_SECONDS
from backplane.services.attempts.claims import Claim
from backplane.settings import Settings
from shield_core.warmup import warm_up
from worker.attempt import Attempt, Work
from worker.interruption import Interruption
from worker.kinds.analysis import preload_reports
from worker.kinds.equipment import Equipment
from worker.refilling import Refilling
from worker.sources import preload_source

log = structlog.get_logger()

PATIENCE_SECONDS = 30
"""A message that is given back at once comes back at once; and this is less than liveness allows."""

WORK: dict[str, Work] = {kind: import_module(f"worker.kinds.{kind}").run for kind in KINDS}
"""The work of each kind of job: the module of its name."""


def preload(settings: Settings) -> None:
    """Import and compile once in the parent, for all children that are forked from it: code only, no source, no loop.

    A child then starts in a tenth of a second instead of two, which is what a killed one costs.
    """
    preload_source(settings)
    warm_up()
    preload_reports()


class Runner:
    """Runs jobs one after the other, with the same equipment for all of them."""

    def __init__(self, equipment: Equipment, refilling: Refilling, *, limit_seconds: float) -> None:
        self._claims = equipment.claims
        self._equipment = equipment
        self._refilling = refilling
        self._limit_seconds = limit_seconds
        self._attempt: Attempt | None = None
        self._interruption: Interruption | None = None

    async def run(self, notified_for: UUID) -> bool:
        """Do the next job of the fair queue, which may be another one than the message was for.

        Returns False where an abandoned thread is still at work: this process should end.

        Raises:
            ApplicationError: there is no database, and there was none for a while.
        """
        failpoints.reach("worker.received")
        claim = await self._claim()
        if claim is None:
            log.info("job.none_waits", notified_for=ids.to_wire("job", notified_for))
            return True
        with structlog.contextvars.bound_contextvars(
            job_id=ids.to_wire("job", claim.job.id), attempt=claim.job.attempts, request_id=claim.job.request_id
        ):
            failpoints.reach("worker.claimed")
            log.info("job.claimed", kind=claim.job.kind, notified_for=ids.to_wire("job", notified_for))
            return await self._run(claim)

    def interrupt(self, why: Interruption) -> None:
        """Stop the job that runs, or that is being claimed."""
        self._interruption = why
        if self._attempt is not None:
            self._attempt.interrupt(why)

    async def _claim(self) -> Claim | None:
        """Claim a job; where the database is away wait for it, for nothing can be done without it."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return await self._claims.claim()
            except ApplicationError:
                if self._interruption is not None or time.monotonic() > end:
                    raise
            await asyncio.sleep(1)

    async def _run(self, claim: Claim) -> bool:
        started = time.perf_counter()
        self._attempt = Attempt(self._equipment, claim, limit_seconds=self._limit_seconds)
        if self._interruption is not None:
            self._attempt.interrupt(self._interruption)
        try:
            with self._refilling.paused():
                return await self._attempt.run(WORK[claim.job.kind])
        finally:
            self._attempt = None
            JOB_SECONDS.labels(kind=claim.job.kind).observe(time.perf_counter() - started)
