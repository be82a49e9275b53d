"""The doorbell of progress: Redis pub/sub, one connection for all listeners of a process.

An event that is lost here is not lost: it is a row, and a listener that sees a gap reads the rows. So a listener whose
queue is full is simply told to look, and a broken connection is mended in the background.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self
from uuid import UUID

from redis.asyncio import Redis
from redis.exceptions import RedisError

from backplane.errors import Unavailable
from backplane.settings import Settings

PREFIX = "imageshield:job:"
WORKERS = "imageshield:workers"
POOLS = "imageshield:pools"
QUEUE_LENGTH = 64
RECONNECT_SECONDS = 0.5


class Listener:
    """Events of one job as they are rung; None means "look at the rows"."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(QUEUE_LENGTH)

    def tell(self, event: dict[str, Any] | None) -> None:
        # Full: what waits already sends the reader to the rows.
        with suppress(asyncio.QueueFull):
            self._queue.put_nowait(event)

    async def next(self, seconds: float) -> dict[str, Any] | None:
        """Return the next event, or None after so many seconds or where events may have been missed."""
        try:
            return await asyncio.wait_for(self._queue.get(), seconds)
        except TimeoutError:
            return None


class RedisBus:
    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._pump: asyncio.Task[None] | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        # The read timeout must exceed any blocking read: get_message below waits one second.
        return cls(Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=5, socket_connect_timeout=2))

    async def publish(self, job_id: UUID, event: dict[str, Any]) -> None:
        """Ring, if there is a bell; the row is written already."""
        with suppress(RedisError, OSError):
            await self._redis.publish(PREFIX + job_id.hex, json.dumps(event, separators=(",", ":")))

    @contextmanager
    def listen(self, job_id: UUID) -> Iterator[Listener]:
        listener = Listener()
        self._listeners[job_id].add(listener)
        if self._pump is None:
            self._pump = asyncio.create_task(self._run())
        try:
            yield listener
        finally:
            self._listeners[job_id].discard(listener)
            if not self._listeners[job_id]:
                del self._listeners[job_id]

    async def _run(self) -> None:
        while True:
            with suppress(RedisError, OSError):
                await self._pump_messages()
            self._tell_all()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _pump_messages(self) -> None:
        # One pattern for all jobs: subscribing for each listener would race with the reconnect.
        async with self._redis.pubsub() as pubsub:
            await pubsub.psubscribe(PREFIX + "*")
            while True:
                message = await pubsub.get_message(timeout=1.0)
                if message is None:
                    continue
                if message["type"] == "psubscribe":
                    # Only now do rings arrive: what came before must be looked up.
                    self._tell_all()
                elif message["type"] == "pmessage":
                    job_id = UUID(message["channel"].decode().removeprefix(PREFIX))
                    self._tell(job_id, json.loads(message["data"]))

    def _tell(self, job_id: UUID, event: dict[str, Any] | None) -> None:
        for listener in self._listeners.get(job_id, ()):
            listener.tell(event)

    def _tell_all(self) -> None:
        for job_id in list(self._listeners):
            self._tell(job_id, None)

    async def report_worker(self, name: str, *, seconds: int) -> None:
        """Say that a worker is alive; the word is good for so long."""
        with suppress(RedisError, OSError):
            await self._redis.set(f"{WORKERS}:{name}", 1, ex=seconds)

    async def worker_seen(self) -> bool:
        async for _ in self._redis.scan_iter(match=f"{WORKERS}:*", count=100):
            return True
        return False

    async def read_pools(self) -> list[bytes]:
        """Read what the workers last said about their pools.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            keys = [key async for key in self._redis.scan_iter(match=f"{POOLS}:*", count=100)]
            return [text for text in await self._redis.mget(keys) if text is not None] if keys else []
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where the workers tell the levels of their pools") from error

    async def ping(self) -> None:
        await self._redis.ping()

    async def close(self) -> None:
        if self._pump is not None:
            self._pump.cancel()
            with suppress(asyncio.CancelledError):
                await self._pump
        await self._redis.aclose()
