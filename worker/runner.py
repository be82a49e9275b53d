"""The runner: for each message it claims the next job of the queue, and does the work of its kind."""

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
"""A requeued message comes back at once, so the runner waits first; liveness allows more than this."""

WORK: dict[str, Work] = {kind: import_module(f"worker.kinds.{kind}").run for kind in KINDS}
"""The work of each kind of job, from the module of the same name."""


def preload(settings: Settings) -> None:
    """Import and compile once in the parent, for all its forked children: only code, no source and no loop.

    A child then starts in a tenth of a second instead of two seconds, so a killed child costs little.
    """
    preload_source(settings)
    warm_up()
    preload_reports()


class Runner:
    """Run jobs one after the other, with the same equipment for all of them."""

    def __init__(self, equipment: Equipment, refilling: Refilling, *, limit_seconds: float) -> None:
        self._claims = equipment.claims
        self._equipment = equipment
        self._refilling = refilling
        self._limit_seconds = limit_seconds
        self._attempt: Attempt | None = None
        self._interruption: Interruption | None = None

    async def run(self, notified_for: UUID) -> bool:
        """Run the next job of the fair queue, which may differ from the job of the message.

        Returns False if an abandoned thread still works: this process should end.

        Raises:
            ApplicationError: the database has been unavailable for a while.
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
        """Stop the job that is running or being claimed."""
        self._interruption = why
        if self._attempt is not None:
            self._attempt.interrupt(why)

    async def _claim(self) -> Claim | None:
        """Claim a job; wait for the database if it is unavailable, because no work is possible without it."""
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
