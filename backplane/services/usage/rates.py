"""Rates: how many requests a holder may send in a time, counted in Redis for all gateways together.

A sliding window counter of `limits`: constant memory for each holder, and no double burst where two windows meet. All
buckets of a request are counted in one call, by a script that calls those of `limits`. Without Redis a process counts
for itself; what must not be guessed is refused instead (docs/decisions/0050).
"""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import structlog
from limits import RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage
from redis.asyncio import BlockingConnectionPool
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from backplane.errors import (
    Unavailable,
)
from backplane.errors.limits import LimitUse, RateLimited
from backplane.metrics import LIMITS_REACHED, RATES_WITHOUT_REDIS
from backplane.settings import Settings

PREFIX = "imageshield:rates"
STRATEGY = "sliding-window"
"""Part of each key: two strategies on one key fail with WRONGTYPE."""

AWAY_SECONDS = 1.0
"""How long Redis is not asked again after it has failed: each request would wait for the timeout."""

EACH_BUCKET = """
local acquire = function(KEYS, ARGV)
{acquire}
end
local look = function(KEYS, ARGV)
{look}
end
local answer = {{}}
for at = 1, #KEYS, 2 do
    local keys, amount, seconds = {{KEYS[at], KEYS[at + 1]}}, ARGV[at], ARGV[at + 1]
    local granted = acquire(keys, {{amount, seconds, 1}})
    local previous = look(keys, {{seconds}})
    answer[#answer + 1] = {{granted and 1 or 0, unpack(previous, 1, 4)}}
end
return answer
"""
"""Counts and looks with the scripts of `limits`, for each pair of keys. One command and one answer take half the
processor time of six (docs/decisions/0050)."""

TIMEOUT_SECONDS = 1.0
CONNECTIONS = 20
"""Of one process. A request needs one for half a millisecond; a flood of them waits here and not in Redis."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Bucket:
    """What one holder may send: `amount` requests in `seconds`."""

    name: str
    """The policy, as headers and refusals name it."""
    holder: str
    amount: int
    seconds: int = 60
    tier: str | None = None

    @property
    def key(self) -> str:
        return RateLimitItemPerSecond(self.amount, self.seconds, STRATEGY).key_for(self.name, self.holder)


@dataclass(frozen=True, slots=True)
class Window:
    """The counts of a bucket's present and previous window, and for how many seconds they still matter."""

    previous: int
    previous_left: float
    current: int
    current_left: float

    def used(self, seconds: int) -> int:
        return math.floor(self.previous * self.previous_left / seconds) + self.current

    def until_room(self, amount: int, seconds: int) -> float:
        """Return how long it takes until one more request fits, if nothing else is sent.

        The counter grants while floor(previous * left / seconds) + current < amount, where `left` falls with time. The
        present window becomes the previous one when it is over.
        """
        if self.used(seconds) < amount:
            return 0.0
        if self.current < amount:
            return self.previous_left - (amount - self.current) * seconds / self.previous
        return self.current_left + seconds - amount * seconds / self.current


@dataclass(frozen=True, slots=True)
class Standing:
    """A bucket after a request."""

    bucket: Bucket
    granted: bool
    used: int
    reset: float
    """Seconds until there is room again; where there is some, until the present window is over."""

    @property
    def remaining(self) -> int:
        return max(0, self.bucket.amount - self.used) if self.granted else 0

    @property
    def reset_seconds(self) -> int:
        return max(1, math.ceil(self.reset))

    @property
    def reset_at(self) -> datetime:
        return (datetime.now(UTC) + timedelta(seconds=self.reset_seconds)).replace(microsecond=0)

    @classmethod
    def of(cls, bucket: Bucket, window: Window, *, granted: bool) -> Self:
        used = window.used(bucket.seconds)
        wait = window.until_room(bucket.amount, bucket.seconds)
        return cls(bucket, granted, used, wait or window.current_left)


class Rates:
    def __init__(self, storage: RedisStorage, pool: BlockingConnectionPool) -> None:
        self._redis = storage
        self._pool = pool
        bridge: Any = storage.bridge
        acquire, look = (one.script.decode() for one in (bridge.lua_acquire_sliding_window, bridge.lua_sliding_window))
        self._each: Any = bridge.get_connection().register_script(EACH_BUCKET.format(acquire=acquire, look=look))
        self._local = MemoryStorage()
        self._away_until = 0.0

    @classmethod
    def from_settings(cls, settings: Settings) -> Self:
        url = settings.redis_url.get_secret_value()
        pool: Any = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),  # the default waits for seconds
        )
        # The pool has the address: limits reads none of a Unix socket.
        storage = RedisStorage("async+redis://", implementation="redispy", key_prefix=PREFIX, connection_pool=pool)
        return cls(storage, pool)

    async def count(self, buckets: Sequence[Bucket]) -> list[Standing]:
        """Count a request in each bucket that has room; without Redis in this process alone."""
        if time.monotonic() >= self._away_until:
            try:
                return await self._count_together(buckets)
            except (RedisError, OSError) as error:
                self._note_away(error)
        RATES_WITHOUT_REDIS.inc()
        return [await self._count_here(bucket) for bucket in buckets]

    async def attempt(self, bucket: Bucket) -> None:
        """Count an attempt at something that could be guessed.

        Raises:
            RateLimited: there were too many.
            Unavailable: Redis does not answer, and a process alone cannot tell.
        """
        try:
            require(await self._count_together([bucket]))
        except (RedisError, OSError) as error:
            raise Unavailable("Redis does not answer, where attempts are counted") from error

    async def look(self, bucket: Bucket) -> Standing | None:
        """Return how a bucket stands, and count nothing; None without Redis."""
        try:
            found = await self._redis.get_sliding_window(bucket.key, bucket.seconds)
        except (RedisError, OSError):
            return None
        return Standing.of(bucket, _window(*found, bucket.seconds), granted=True)

    async def close(self) -> None:
        await self._pool.aclose()

    async def _count_together(self, buckets: Sequence[Bucket]) -> list[Standing]:
        keys, values = [], []
        for bucket in buckets:
            # As `limits` names them.
            current = self._redis.bridge.prefixed_key(f"{{{bucket.key}}}")
            keys += [f"{current}/-1", current]
            values += [bucket.amount, bucket.seconds]
        answers = await self._each(keys, values)
        return [
            Standing.of(bucket, _in_seconds(found, bucket.seconds), granted=bool(granted))
            for bucket, (granted, *found) in zip(buckets, answers, strict=True)
        ]

    async def _count_here(self, bucket: Bucket) -> Standing:
        granted = await self._local.acquire_sliding_window_entry(bucket.key, bucket.amount, bucket.seconds)
        found = await self._local.get_sliding_window(bucket.key, bucket.seconds)
        return Standing.of(bucket, _window(*found, bucket.seconds), granted=granted)

    def _note_away(self, error: Exception) -> None:
        log.warning("rates.redis_away", error=type(error).__name__)
        self._away_until = time.monotonic() + AWAY_SECONDS


def require(standings: Sequence[Standing]) -> None:
    """Raise RateLimited if a bucket had no room; it names the one that takes longest."""
    refused = [standing for standing in standings if not standing.granted]
    if not refused:
        return
    worst = max(refused, key=lambda standing: standing.reset)
    bucket, wait = worst.bucket, worst.reset_seconds
    LIMITS_REACHED.labels(limit=bucket.name).inc()
    raise RateLimited(
        f"The limit {bucket.name} is {bucket.amount:,} requests in {bucket.seconds:,} seconds: try again in {wait} s",
        LimitUse(bucket.name, bucket.amount, worst.used, worst.reset_at, bucket.tier),
        retry_after=wait,
    )


def _in_seconds(found: Sequence[Any], seconds: int) -> Window:
    """Read the answer of the script: counts, and milliseconds that are negative for a key that does not exist."""
    previous, previous_ms, current, current_ms = (float(value or 0) for value in found)
    return _window(int(previous), max(0.0, previous_ms) / 1000, int(current), max(0.0, current_ms) / 1000, seconds)


def _window(previous: int, previous_left: float, current: int, current_left: float, seconds: int) -> Window:
    # The present counter is kept for a second window, in which it is the previous one.
    return Window(previous, previous_left, current, max(0.0, current_left - seconds))
