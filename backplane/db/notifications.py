"""Notifications by PostgreSQL's LISTEN, for outbox and webhooks without a delay; when they break, callers poll."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import asyncpg

from backplane.db.repositories.outbox import CHANNEL
from backplane.settings import Settings

RECONNECT_SECONDS = 1.0


class Notifications:
    def __init__(self, settings: Settings, *, channel: str = CHANNEL) -> None:
        self._channel = channel
        self._url = settings.database_url.get_secret_value().replace("postgresql+asyncpg://", "postgresql://")
        self._notified = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def wait(self, seconds: float) -> None:
        """Return when a transaction that notifies this channel was committed, or after so many seconds."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._notified.wait(), seconds)
        self._notified.clear()

    async def _listen(self) -> None:
        while True:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await self._listen_once()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_once(self) -> None:
        connection = await asyncpg.connect(self._url, timeout=5)
        closed = asyncio.Event()
        connection.add_termination_listener(lambda _: closed.set())
        try:
            await connection.add_listener(self._channel, lambda *_: self._notified.set())
            self._notified.set()
            await closed.wait()
        finally:
            with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
                await connection.close(timeout=2)
