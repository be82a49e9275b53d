"""Fill the pool between jobs and tell its level, on a thread of the pool child's own.

While a job runs nothing is measured, so that no job waits for bits that are meant for the next one.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from redis import Redis
from redis.exceptions import RedisError

from backplane.services.entropy.pools import PoolAlarm, PoolLevel, Refill, pool_key
from backplane.settings import Settings
from shield_core.errors import EntropyError
from shield_core.quantum.keygen import TOP_UP_BITS
from shield_core.quantum.measurement import last_alarm
from shield_core.quantum.pool import BitPool

log = structlog.get_logger()

TELL_SECONDS = 15.0
QUIET_SECONDS = 0.5
"""The next job of a series shall not find us measuring with a slow source."""

KEPT_SECONDS = 60
"""How long a level is believed that nobody has told again: a worker that was killed disappears."""

Tell = Callable[[PoolLevel], None]


class Refilling:
    """Keeps one pool full. A source that fails is asked again when the level is told next."""

    def __init__(self, pool: BitPool, tell: Tell) -> None:
        self._pool = pool
        self._tell = tell
        self._worker = secrets.token_hex(4)
        self._last: Refill | None = None
        self._at_work = 0
        self._over = threading.Event()
        self._change = threading.Event()
        self._thread = threading.Thread(target=self._run, name="refill", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """End the thread; one that waits for a device is left behind."""
        self._over.set()
        self._change.set()
        self._thread.join(timeout=1)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Measure nothing while the block runs, but for the piece that has begun."""
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1
            self._change.set()

    def level(self) -> PoolLevel:
        """Say how full the pool is, and nothing of what is in it."""
        source, alarm = self._pool.source, last_alarm(self._pool.source)
        return PoolLevel(
            worker=self._worker,
            source=source.name,
            kind=source.kind.value,
            waiting_bits=self._pool.waiting_bits,
            capacity_bits=self._pool.capacity_bits,
            refill=self._last,
            alarm=None if alarm is None else PoolAlarm(alarm.reason, alarm.at),
            reported_at=datetime.now(UTC),
        )

    def fill(self) -> None:
        """Measure until the pool is full, a job begins or the source fails."""
        bits, started = 0, time.perf_counter()
        try:
            while not self._at_work and not self._over.is_set():
                added = self._pool.refill(TOP_UP_BITS)
                if not added:
                    break
                bits += added
        except EntropyError as error:
            # The label comes with the next key; the level says it now.
            log.warning("entropy.refill_failed", source=self._pool.source.name, reason=str(error))
        if bits:
            self._last = Refill(bits, round(time.perf_counter() - started, 6), datetime.now(UTC))

    def _run(self) -> None:
        while not self._over.is_set():
            self.fill()
            self._tell(self.level())
            if self._change.wait(TELL_SECONDS):
                self._await_quiet()

    def _await_quiet(self) -> None:
        """Wait until no job has ended for a moment, but not so long that the level is forgotten."""
        end = time.monotonic() + TELL_SECONDS
        while True:
            self._change.clear()
            if self._over.is_set() or time.monotonic() >= end or not self._change.wait(QUIET_SECONDS):
                return


def tell_redis(settings: Settings) -> Tell:
    """Return what writes a level to Redis, for display only: one that is down is no job's fault."""
    redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=2, socket_connect_timeout=2)

    def tell(level: PoolLevel) -> None:
        try:
            redis.set(pool_key(level.worker), level.to_json(), ex=KEPT_SECONDS)
        except (RedisError, OSError):
            log.warning("entropy.level_not_heard")

    return tell
