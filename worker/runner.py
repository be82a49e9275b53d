"""One attempt at one job: claim it, let its kind do the work, end it or give it back."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from uuid import UUID

import structlog

from backplane import failpoints, ids
from backplane.errors import POISON, ApplicationError
from backplane.metrics import JOB_SECONDS
from backplane.services.claims import Claim, LeaseLost, is_transient
from backplane.settings import Settings
from shield_core.cipher import permutation
from shield_core.errors import Cancelled, EntropyError, ShieldError
from shield_core.image import png_read
from worker.kinds.analysis import preload_analysis
from worker.kinds.analyze import analyze
from worker.kinds.avalanche import check_avalanche
from worker.kinds.decrypt import decrypt
from worker.kinds.encrypt import encrypt
from worker.kinds.equipment import Equipment
from worker.refilling import Refilling
from worker.reporting import Reporter
from worker.sources import preload_source

log = structlog.get_logger()

HEARTBEAT_SECONDS = 5.0
RETRY_SECONDS = 1.0

KINDS: dict[str, Callable[[Equipment, Claim, Reporter], Awaitable[None]]] = {
    "encrypt": encrypt,
    "decrypt": decrypt,
    "analyze": analyze,
    "avalanche": check_avalanche,
}


def preload(settings: Settings) -> None:
    """Import and compile once in the parent, for all children that are forked from it: code only, no source, no loop.

    A child then starts in a tenth of a second instead of two, which is what a killed one costs.
    """
    preload_source(settings)
    permutation.warm()
    png_read.warm()
    preload_analysis()


class Runner:
    """Runs jobs one after the other, with the same equipment for all of them."""

    def __init__(self, equipment: Equipment, refilling: Refilling) -> None:
        self._claims = equipment.claims
        self._equipment = equipment
        self._refilling = refilling

    async def run(self, rung_for: UUID) -> None:
        """Answer the doorbell, which says that there is work: do the job whose turn it is, whichever was rung for."""
        failpoints.reach("worker.received")
        claim = await self._claims.claim()
        if claim is None:
            log.info("job.none_waits", rung_for=ids.to_wire("job", rung_for))
            return
        with structlog.contextvars.bound_contextvars(
            job_id=ids.to_wire("job", claim.job.id), attempt=claim.job.attempts, request_id=claim.job.request_id
        ):
            failpoints.reach("worker.claimed")
            started = time.perf_counter()
            log.info("job.claimed", kind=claim.job.kind, rung_for=ids.to_wire("job", rung_for))
            with self._refilling.paused():
                async with self._kept(claim) as reporter:
                    await self._attempt(claim, reporter)
            JOB_SECONDS.labels(kind=claim.job.kind).observe(time.perf_counter() - started)

    async def _attempt(self, claim: Claim, reporter: Reporter) -> None:
        """Try, and say how it ended: done, refused for good, or to be tried again."""
        try:
            await KINDS[claim.job.kind](self._equipment, claim, reporter)
            log.info("job.completed")
            await self._forget_input(claim)
            failpoints.reach("worker.forgotten")
        except (LeaseLost, Cancelled):
            log.warning("job.lease_lost")
        except EntropyError as error:
            await self._retry(claim, code=error.code, title=error.title)
        except ShieldError as error:
            log.info("job.refused", code=error.code)
            await self._fail(claim, code=error.code, title=error.title)
        except ApplicationError as error:
            if is_transient(error):
                await self._retry(claim, code=error.code, title=error.title)
            else:
                await self._fail(claim, code=error.code, title=error.title)
        except Exception:
            log.exception("job.broke")
            await self._retry(claim, code=POISON.code, title=POISON.title)

    async def _forget_input(self, claim: Claim) -> None:
        with suppress(ApplicationError):
            await self._claims.inputs.delete(claim.job)

    async def _retry(self, claim: Claim, *, code: str, title: str) -> None:
        """Give the job back after a jittered wait, or end it where this was the last attempt."""
        if claim.last_attempt:
            await self._fail(claim, code=code, title=title)
            return
        log.warning("job.retry", code=code)
        await asyncio.sleep(RETRY_SECONDS * claim.job.attempts * (0.5 + random.random()))  # noqa: S311  jitter
        with suppress(ApplicationError):
            # Where the database is what is down, the lease runs out and the sweeper does it.
            await self._claims.release(claim)

    async def _fail(self, claim: Claim, *, code: str, title: str) -> None:
        with suppress(ApplicationError, LeaseLost):
            await self._claims.fail(claim, code=code, title=title)

    @asynccontextmanager
    async def _kept(self, claim: Claim) -> AsyncIterator[Reporter]:
        """Keep the lease and write the reports while the block runs."""
        reporter = Reporter(self._claims, claim)
        chores = [asyncio.create_task(reporter.run()), asyncio.create_task(self._beat(claim, reporter))]
        try:
            yield reporter
        finally:
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)

    async def _beat(self, claim: Claim, reporter: Reporter) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                if not await self._claims.heartbeat(claim):
                    reporter.stop()
            except ApplicationError as error:
                log.warning("job.heartbeat_missed", code=error.code)
