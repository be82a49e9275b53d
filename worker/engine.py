"""The engine of a pool child: its event loop, connections and entropy source, made after the fork, never before."""

import asyncio
import os
from contextlib import AsyncExitStack
from uuid import UUID

import structlog

from backplane.services.attempts.claims import Claims
from backplane.services.exports.archives import Archives
from backplane.settings import Settings, load_settings
from backplane.wiring.worker import open_worker
from worker.interruption import Interruption
from worker.kinds.equipment import Equipment
from worker.refilling import Refilling, report_to_redis
from worker.runner import Runner
from worker.sources import make_pool, make_source

log = structlog.get_logger()

GIVEN_UP = 70
"""The exit code of a child that cannot continue; EX_SOFTWARE of sysexits.h."""


class Engine:
    """Run jobs on one loop for the life of the child: connections belong to the loop that made them."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.Runner()
        self._connections = AsyncExitStack()
        claims, archives = self._loop.run(self._open(settings))
        source = make_source(settings)
        pool = make_pool(source, settings)
        self._refilling = Refilling(pool, report_to_redis(settings))
        equipment = Equipment(claims, archives, source, pool, settings.worker_threads)
        self._runner = Runner(equipment, self._refilling, limit_seconds=settings.job_time_limit_seconds)
        self._stop_seconds = settings.worker_stop_seconds
        self.leaving = False
        self._refilling.start()

    def run(self, job_id: UUID) -> None:
        """Run one attempt. End the process if an abandoned thread still works, or if memory stays short."""
        try:
            clean = self._loop.run(self._runner.run(job_id))
        except MemoryError:
            # Celery would raise it again in the parent, and end every other child with this one.
            clean = False
        if not clean:
            log.error("worker.child_given_up", pid=os.getpid())
            os._exit(GIVEN_UP)

    def leave(self) -> None:
        """Give the running job some time, none on a second call; then hand it over. Called by a signal handler."""
        seconds = 0 if self.leaving else self._stop_seconds
        self.leaving = True
        self._loop.get_loop().call_soon_threadsafe(self._leave_within, seconds)

    def close(self) -> None:
        self._refilling.stop()
        self._loop.run(self._connections.aclose())
        self._loop.close()

    def _leave_within(self, seconds: float) -> None:
        log.info("worker.leaving", pid=os.getpid(), seconds=seconds)
        self._loop.get_loop().call_later(seconds, self._runner.interrupt, Interruption.LEAVING)

    async def _open(self, settings: Settings) -> tuple[Claims, Archives]:
        return await self._connections.enter_async_context(open_worker(settings))


_engine: Engine | None = None


def engine() -> Engine:
    """Return the child's engine, made at its start, or by its first task if that failed."""
    global _engine  # noqa: PLW0603  a pool child is one engine, and Celery offers no other place for it
    if _engine is None:
        _engine = Engine(load_settings())
    return _engine


def close_engine() -> None:
    if _engine is not None:
        _engine.close()
