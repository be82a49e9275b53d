"""Notifications by Redis pub/sub, on one connection for all listeners of a process, and values that expire.

A lost notification loses no event: each event is a row, and a listener that gets a later notification reads the rows. A
broken connection is restored in the background.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Self, cast
from uuid import UUID

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

from backplane.errors import Unavailable
from backplane.settings import Settings

PREFIX = "imageshield:job:"
REVOKED = "imageshield:revoked"
WORKERS = "imageshield:workers"
POOLS = "imageshield:pools"
QUEUE_LENGTH = 64
QUEUE_LENGTH_OF_ANOTHER_JOB = 4
"""How far a listener to many jobs may fall behind for each further job: not all jobs report at once."""
RECONNECT_SECONDS = 0.5
PAUSE_SECONDS = 1.0
SILENT_PAUSES = 15
"""After so many pauses without a message we ping Redis, and after as many again we give the connection up: a connection
that a firewall cut silently would receive nothing forever."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Notification:
    """A job has reached the event `seq`. Without a type only that is known, and the rows hold the rest."""

    job_id: UUID
    seq: int
    type: str | None = None
    payload: dict[str, Any] | None = None


class Listener:
    """The notifications for some jobs, in the order of their arrival."""

    def __init__(self, job_ids: Collection[UUID]) -> None:
        self.job_ids = frozenset(job_ids)
        self.overflowed = False
        self._limit = QUEUE_LENGTH + QUEUE_LENGTH_OF_ANOTHER_JOB * (len(self.job_ids) - 1)
        self._notifications: list[
            Notification
        ] = []  # a deque takes 600 bytes when it is empty, and there are thousands
        self._arrival: asyncio.Future[None] | None = None

    def push(self, notification: Notification) -> None:
        if len(self._notifications) < self._limit:
            self._notifications.append(notification)
        else:
            self.overflowed = True
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def clear(self) -> None:
        """Drop the waiting notifications: the reader is about to read the rows, which hold the same events."""
        self._notifications.clear()
        self.overflowed = False

    async def next(self, seconds: float | None = None) -> Notification | None:
        """Return the next notification, or None after so many seconds; one reader at a time."""
        if not self._notifications:
            self._arrival = asyncio.get_running_loop().create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._arrival
            except TimeoutError:
                return None
            finally:
                self._arrival = None
        return self._notifications.pop(0)


class RedisBus:
    def __init__(self, redis: "Redis") -> None:
        self._redis = redis
        self._listeners: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._on_revoked: set[Callable[[UUID], None]] = set()
        self._pump: asyncio.Task[None] | None = None
        self.renewed = asyncio.Event()
        """Set when notifications may have been missed; the code that looks them up clears it."""

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        # The read timeout must exceed any blocking read, of which the pauses below are the longest.
        return cls(Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=5, socket_connect_timeout=2))

    async def publish(self, job_id: UUID, event: dict[str, Any]) -> None:
        """Notify the listeners of a job, if Redis answers; the row is already written."""
        with suppress(RedisError, OSError):
            await self._redis.publish(PREFIX + job_id.hex, json.dumps(event, separators=(",", ":")))

    @contextmanager
    def listen(self, job_ids: Collection[UUID]) -> Iterator[Listener]:
        """Receive the notifications of these jobs from now on; several listeners may share a job."""
        listener = Listener(job_ids)
        for job_id in listener.job_ids:
            self._listeners[job_id].add(listener)
        self._start()
        try:
            yield listener
        finally:
            for job_id in listener.job_ids:
                self._listeners[job_id].discard(listener)
                if not self._listeners[job_id]:
                    del self._listeners[job_id]

    @property
    def listened_to(self) -> list[UUID]:
        return list(self._listeners)

    def dispatch(self, notification: Notification) -> None:
        """Pass a notification on to the listeners of its job in this process."""
        for listener in self._listeners.get(notification.job_id, ()):
            listener.push(notification)

    async def revoke(self, holder: UUID) -> None:
        """Notify every gateway that a login session, or an account, has ended; the database already has it."""
        with suppress(RedisError, OSError):
            await self._redis.publish(REVOKED, holder.hex)

    @contextmanager
    def on_revoked(self, callback: Callable[[UUID], None]) -> Iterator[None]:
        self._on_revoked.add(callback)
        self._start()
        try:
            yield
        finally:
            self._on_revoked.discard(callback)

    def _start(self) -> None:
        if self._pump is None:
            self._pump = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            with suppress(RedisError, OSError):
                await self._pump_messages()
            self.renewed.set()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _pump_messages(self) -> None:
        # One pattern for all jobs: subscribing for each listener would race with the reconnect.
        async with self._redis.pubsub() as pubsub:
            await pubsub.psubscribe(PREFIX + "*", REVOKED)
            pauses = 0
            while True:
                message = await pubsub.get_message(timeout=PAUSE_SECONDS)
                if message is None:
                    pauses += 1
                    await self._check_connection(pubsub, pauses)
                    continue
                pauses = 0
                if message["type"] == "psubscribe":
                    # Notifications arrive only from now on: earlier events must be looked up.
                    self.renewed.set()
                elif message["type"] == "pmessage":
                    self._handle(message)
                    # Messages that are already read come without a pause, so yield to let the listeners run.
                    await asyncio.sleep(0)

    async def _check_connection(self, pubsub: PubSub, pauses: int) -> None:
        if pauses == SILENT_PAUSES:
            await pubsub.ping()
        elif pauses == 2 * SILENT_PAUSES:
            raise RedisError("Redis has not answered on this connection")

    def _handle(self, message: dict[str, Any]) -> None:
        try:
            channel = message["channel"].decode()
            if channel == REVOKED:
                holder = UUID(message["data"].decode())
                for callback in list(self._on_revoked):
                    callback(holder)
            else:
                self.dispatch(_read(channel, message["data"]))
        except (ValueError, TypeError, KeyError):
            # Another release may run beside this one; the rows are the same for both.
            log.warning("bus.message_ignored", channel=str(message["channel"])[:100], bytes=len(message["data"]))

    async def worker_seen(self) -> bool:
        async for _ in self._redis.scan_iter(match=f"{WORKERS}:*", count=100):
            return True
        return False

    async def read_pools(self) -> list[bytes]:
        """Read what the workers last reported about their pools.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            keys = [key async for key in self._redis.scan_iter(match=f"{POOLS}:*", count=100)]
            return [text for text in await self._redis.mget(keys) if text is not None] if keys else []
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where the workers report the levels of their pools") from error

    async def keep(self, name: str, value: bytes, *, seconds: int) -> None:
        """Keep a value for so many seconds, until somebody takes it.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            await self._redis.set(name, value, ex=seconds)
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where this would be kept") from error

    async def take(self, name: str) -> bytes | None:
        """Take a kept value: of two callers that try, one gets it.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            kept: bytes | None = await self._redis.getdel(name)
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where this is kept") from error
        return kept

    async def evaluate(self, script: str, keys: Sequence[str], arguments: Sequence[str | int]) -> int:
        """Run a script, which nothing interrupts.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            answer = await cast(
                "Awaitable[int | None]", self._redis.eval(script, len(keys), *keys, *map(str, arguments))
            )
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where attempts are counted") from error
        return answer or 0

    async def look(self, name: str) -> bytes | None:
        """Read a kept value, and leave it.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            kept: bytes | None = await self._redis.get(name)
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where this is kept") from error
        return kept

    async def forget(self, name: str) -> None:
        """Forget a kept value, if Redis answers: it also expires."""
        with suppress(RedisError, OSError):
            await self._redis.delete(name)

    async def forget_all(self, part: str) -> None:
        """Forget all values whose name has this part.

        Raises:
            Unavailable: Redis does not answer.
        """
        try:
            async for name in self._redis.scan_iter(match=f"*{part}*", count=1000):
                await self._redis.delete(name)
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where this is kept") from error

    async def ping(self) -> None:
        await self._redis.ping()

    async def close(self) -> None:
        # The client swallows a cancellation while it connects, and reports a failed connection instead.
        while self._pump is not None and not self._pump.done():
            self._pump.cancel()
            await asyncio.wait({self._pump}, timeout=1)
        await self._redis.aclose()


def _read(channel: str, data: bytes) -> Notification:
    """Read what `publish` has sent.

    Raises:
        ValueError, TypeError, KeyError: the message is not one of `publish`.
    """
    job_id, event = UUID(channel.removeprefix(PREFIX)), json.loads(data)
    seq, type_, payload = event["seq"], event["type"], event["payload"]
    if type(seq) is not int or not isinstance(type_, str) or not isinstance(payload, dict):
        raise TypeError
    return Notification(job_id, seq, type_, payload)
