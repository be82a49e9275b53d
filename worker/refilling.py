"""Refill the bit pool between jobs and report its level, on a thread of the pool child.

Nothing is measured while a job runs, so that no job waits for bits that are meant for the next one.
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

REPORT_SECONDS = 15.0
QUIET_SECONDS = 0.5
"""So that the next job of a series does not have to wait for a slow measurement."""

KEPT_SECONDS = 60
"""How long a reported level is valid: a killed worker disappears after it."""

Report = Callable[[PoolLevel], None]


class Refilling:
    """Keep one pool full. A source that fails is asked again at the next report of the level."""

    def __init__(self, pool: BitPool, report: Report) -> None:
        self._pool = pool
        self._report = report
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
        """Measure nothing while the block runs, except for a piece that has begun."""
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1
            self._change.set()

    def level(self) -> PoolLevel:
        """Return how full the pool is, and nothing of its content."""
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
            # The next key gets the label; the level shows the alarm now.
            log.warning("entropy.refill_failed", source=self._pool.source.name, reason=str(error))
        if bits:
            self._last = Refill(bits, round(time.perf_counter() - started, 6), datetime.now(UTC))

    def _run(self) -> None:
        while not self._over.is_set():
            self.fill()
            self._report(self.level())
            if self._change.wait(REPORT_SECONDS):
                self._await_quiet()

    def _await_quiet(self) -> None:
        """Wait until no job has ended for a moment, but not so long that the level is forgotten."""
        end = time.monotonic() + REPORT_SECONDS
        while True:
            self._change.clear()
            if self._over.is_set() or time.monotonic() >= end or not self._change.wait(QUIET_SECONDS):
                return


def report_to_redis(settings: Settings) -> Report:
    """Return a function that writes a level to Redis, for display only: if Redis is down, no job fails."""
    redis = Redis.from_url(settings.redis_url.get_secret_value(), socket_timeout=2, socket_connect_timeout=2)

    def report(level: PoolLevel) -> None:
        try:
            redis.set(pool_key(level.worker), level.to_json(), ex=KEPT_SECONDS)
        except (RedisError, OSError):
            log.warning("entropy.level_not_reported")

    return report
