"""Readiness: one check of each resource, all at the same time."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Literal

from api.schemas.health import Checks, Readiness
from api.serving.draining import Draining
from backplane.wiring.gateway import GatewayServices

CHECK_SECONDS = 2.0
FRESH_SECONDS = 1.0
"""How long a result is valid: any number of probes makes one check per second."""


class Check:
    """One check that runs at most once at a time: a hanging store must not take a thread for each probe."""

    def __init__(self, ask: Callable[[], Awaitable[bool]]) -> None:
        self._ask = ask
        self._running: asyncio.Task[bool] | None = None
        self._answered_at = -FRESH_SECONDS

    async def answer(self) -> bool:
        if self._running is None or (self._running.done() and time.monotonic() - self._answered_at >= FRESH_SECONDS):
            self._running = asyncio.create_task(self._answer())
        done, _ = await asyncio.wait({self._running}, timeout=CHECK_SECONDS)
        return bool(done) and self._running.result()

    async def _answer(self) -> bool:
        try:
            return await self._ask()
        except Exception:  # noqa: BLE001 - on any error the resource is down
            return False
        finally:
            self._answered_at = time.monotonic()


class ReadinessCheck:
    def __init__(self, services: GatewayServices, draining: Draining) -> None:
        resources = services.resources
        self._draining = draining
        self._database = Check(_succeeds(services.probe.require_schema))
        self._store = Check(_succeeds(resources.store.ping))
        self._redis = Check(_succeeds(resources.bus.ping))
        self._workers = Check(resources.bus.worker_seen)

    async def read(self) -> Readiness:
        database, store, redis, workers = await asyncio.gather(
            self._database.answer(), self._store.answer(), self._redis.answer(), self._workers.answer()
        )
        serving = database and store and not self._draining.begun
        return Readiness(
            status="down" if not serving else "ok" if redis and workers else "degraded",
            checks=Checks(
                database=_word(database), object_store=_word(store), redis=_word(redis), workers=_word(workers)
            ),
        )


def _succeeds(ping: Callable[[], Awaitable[None]]) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        await ping()
        return True

    return ask


def _word(works: bool) -> Literal["ok", "down"]:
    return "ok" if works else "down"
