"""The worker's presence in Redis, from which the gateway's readiness sees that there is a worker."""

import os
import socket
from typing import Any

import structlog
from celery import bootsteps
from redis import Redis
from redis.exceptions import RedisError

from backplane.alive import alive_file, seconds_left
from backplane.bus import WORKERS
from backplane.settings import load_settings

log = structlog.get_logger()

REPORT_SECONDS = 10
FIRST_SECONDS = 0.1
"""How often a worker looks whether its first child is ready."""


class Presence(bootsteps.StartStopStep):  # type: ignore[misc]
    """Reports how long the worker counts as alive, from the loop that asks for work.

    It is a step of Celery's consumer, and not a timer that runs once set: Celery clears its timer whenever it loses
    Redis, and starts every step again with the new connection.
    """

    requires = ("celery.worker.consumer.connection:Connection",)

    def __init__(self, consumer: Any, **options: Any) -> None:
        super().__init__(consumer, **options)
        url = load_settings().redis_url.get_secret_value()
        self._redis = Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2)
        self._key = f"{WORKERS}:{socket.gethostname()}:{os.getpid()}"
        self._next: Any = None

    def start(self, consumer: Any) -> None:
        self.stop(consumer)
        self._report(consumer.timer)

    def stop(self, _consumer: Any) -> None:
        if self._next is not None:
            self._next.cancel()

    def _report(self, timer: Any) -> None:
        seconds = REPORT_SECONDS if alive_file("worker").exists() else FIRST_SECONDS
        self._next = timer.call_after(seconds, self._report, (timer,))
        left = round(seconds_left("worker") * 1000)
        try:
            if left > 0:
                self._redis.set(self._key, 1, px=left)
        except (RedisError, OSError):
            log.warning("worker.presence_not_reported")
