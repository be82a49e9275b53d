"""One attempt at one job: keep the lease, do the work, and write how it ended, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from backplane import alive
from backplane.errors import POISON, ApplicationError, TimeLimitExceeded
from backplane.kinds import KINDS
from backplane.services.attempts.claims import Claim, LeaseLost, is_transient
from shield_core.errors import Cancelled, EntropyError, ShieldError
from worker.interruption import Interruption
from worker.kinds.equipment import Equipment
from worker.reporting import Reporter

log = structlog.get_logger()

HEARTBEAT_SECONDS = 5.0
UNWINDING_SECONDS = 5.0
"""How long a thread that nobody waits for any more may take to its next report, where it learns so."""

TOO_LONG = TimeLimitExceeded()

Work = Callable[[Equipment, Claim, Reporter], Awaitable[None]]


class Attempt:
    def __init__(self, equipment: Equipment, claim: Claim, *, limit_seconds: float) -> None:
        self._equipment = equipment
        self._claims = equipment.claims
        self._claim = claim
        self._limit_seconds = limit_seconds
        self._reporter = Reporter(equipment.claims, claim)
        self._cancelled = False

    def interrupt(self, why: Interruption) -> None:
        self._reporter.interrupt(why)

    async def run(self, work: Work) -> bool:
        """Return when the end is written; False where a thread is still at work that nobody waits for."""
        doing = asyncio.create_task(self._do(work))
        async with self._kept():
            interrupted = asyncio.create_task(self._reporter.interrupted())
            await asyncio.wait({doing, interrupted}, return_when=asyncio.FIRST_COMPLETED)
            interrupted.cancel()
            await self._conclude(doing)
        unwound = await self._unwind(doing)
        if self._cancelled:
            await self._discard()
        return unwound

    async def _do(self, work: Work) -> None:
        await work(self._equipment, self._claim, self._reporter)
        log.info("job.completed")

    async def _conclude(self, doing: asyncio.Task[None]) -> None:
        """Say how it ended: done, stopped, refused for good, or to be tried again."""
        if not doing.done():
            await self._stop()
            return
        try:
            doing.result()
        except (LeaseLost, Cancelled):
            await self._stop()
        except EntropyError as error:
            await self._retry(code=error.code, title=error.title)
        except ShieldError as error:
            # The type alone, of what was not foreseen: its words may repeat what the picture says.
            log.info("job.refused", code=error.code, cause=type(error.__cause__).__name__ if error.__cause__ else None)
            await self._fail(code=error.code, title=error.title, detail=self._detail(error))
        except ApplicationError as error:
            if is_transient(error):
                await self._retry(code=error.code, title=error.title)
            else:
                await self._fail(code=error.code, title=error.title)
        except Exception:
            log.exception("job.broke")
            await self._retry(code=POISON.code, title=POISON.title)

    async def _unwind(self, doing: asyncio.Task[None]) -> bool:
        await asyncio.wait({doing}, timeout=UNWINDING_SECONDS)
        if not doing.done():
            return False
        with suppress(asyncio.CancelledError):
            doing.exception()  # it is told once, above
        return True

    async def _discard(self) -> None:
        """Delete what the cancelled job made; what it was given the sweeper deletes, and what this leaves."""
        log.info("job.cancelled")
        with suppress(ApplicationError):
            await self._claims.products.discard(self._claim.job)

    async def _stop(self) -> None:
        why = self._reporter.interruption or Interruption.LEASE_LOST
        log.warning("job.interrupted", why=why.value)
        match why:
            case Interruption.TOO_LONG:
                await self._fail(code=TOO_LONG.code, title=TOO_LONG.title)
            case Interruption.LEAVING:
                with suppress(ApplicationError):
                    await self._claims.hand_over(self._claim)
            case Interruption.LEASE_LOST:
                with suppress(ApplicationError):
                    # Where the database is what is down, the lease runs out and the sweeper does it.
                    self._cancelled = await self._claims.cancel(self._claim)

    async def _retry(self, *, code: str, title: str) -> None:
        """Give the job back for later, or end it where this was the last attempt."""
        if self._claim.last_attempt:
            await self._fail(code=code, title=title)
            return
        log.warning("job.retry", code=code)
        with suppress(ApplicationError):
            # Where the database is what is down, the lease runs out and the sweeper does it.
            await self._claims.release(self._claim)

    def _detail(self, error: ShieldError) -> str | None:
        """Say what was refused; of a decryption never more than its title, which is the same for every reason."""
        return error.title if KINDS[self._claim.job.kind].hides_reasons else str(error) or None

    async def _fail(self, *, code: str, title: str, detail: str | None = None) -> None:
        with suppress(ApplicationError, LeaseLost):
            await self._claims.fail(self._claim, code=code, title=title, detail=detail)

    @asynccontextmanager
    async def _kept(self) -> AsyncIterator[None]:
        """Keep the lease, write the reports and watch the time while the block runs."""
        chores = [asyncio.create_task(self._reporter.run()), asyncio.create_task(self._beat())]
        end = asyncio.get_running_loop().call_later(self._limit_seconds, self.interrupt, Interruption.TOO_LONG)
        try:
            yield
        finally:
            end.cancel()
            for chore in chores:
                chore.cancel()
            await asyncio.gather(*chores, return_exceptions=True)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                if await self._claims.heartbeat(self._claim):
                    alive.note("worker")
                else:
                    self.interrupt(Interruption.LEASE_LOST)
            except ApplicationError as error:
                log.warning("job.heartbeat_missed", code=error.code)
