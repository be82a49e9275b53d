"""What a pool child holds: a loop, connections, a source of bits, limits. Made after the fork, never before."""

import asyncio
import os
import resource
import signal
import socket
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import structlog
from celery.signals import setup_logging, worker_init, worker_process_init, worker_process_shutdown, worker_ready
from redis import Redis
from redis.exceptions import RedisError

from backplane import logging
from backplane.bus import WORKERS
from backplane.services.claims import Claims
from backplane.settings import Settings, load_settings
from backplane.wiring import open_claims
from worker.alive import SEEN_SECONDS, alive_file
from worker.kinds.equipment import Equipment
from worker.refilling import Refilling, tell_redis
from worker.runner import Runner, preload
from worker.sources import SourceRefused, check_source, make_pool, make_source

log = structlog.get_logger()

ADDRESS_SPACE_BYTES = 4 * 1024**3
"""A picture of 25 megapixels needs under a gigabyte, its analysis included; a hostile one hits this wall alone, in its
own process."""

BEAT_SECONDS = 10
FIRST_BEAT_SECONDS = 0.1


class Engine:
    """One loop for the life of the child: connections belong to the loop that made them."""

    def __init__(self, settings: Settings) -> None:
        self._loop = asyncio.Runner()
        self._connections = AsyncExitStack()
        claims = self._loop.run(self._open(settings))
        source = make_source(settings)
        pool = make_pool(source, settings)
        self._refilling = Refilling(pool, tell_redis(settings))
        self._runner = Runner(Equipment(claims, source, pool, settings.worker_threads), self._refilling)
        self._refilling.start()

    def run(self, job_id: UUID) -> None:
        self._loop.run(self._runner.run(job_id))

    def close(self) -> None:
        self._refilling.stop()
        self._loop.run(self._connections.aclose())
        self._loop.close()

    async def _open(self, settings: Settings) -> Claims:
        return await self._connections.enter_async_context(open_claims(settings))


_engine: Engine | None = None


def engine() -> Engine:
    """Return the child's engine; made at its start, or by its first task where that failed."""
    global _engine  # noqa: PLW0603  a pool child is one engine, and Celery offers no other place for it
    if _engine is None:
        _engine = Engine(load_settings())
    return _engine


@setup_logging.connect
def configure_logging(**_: Any) -> None:
    logging.configure(load_settings().log_level)


@worker_process_init.connect
def open_engine(**_: Any) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE_BYTES, ADDRESS_SPACE_BYTES))
    # The parent's handler for SIGTERM would end a job in the middle; the parent tells its children when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        engine()
    except Exception:
        # Raised from here, it would leave a half-made child that takes jobs and never runs one.
        log.exception("worker.child_not_ready")
    else:
        alive_file("worker").touch()
        log.info("worker.child_ready", pid=os.getpid())


@worker_process_shutdown.connect
def close_engine(**_: Any) -> None:
    if _engine is not None:
        _engine.close()


@worker_init.connect
def prepare(**_: Any) -> None:
    alive_file("worker").unlink(missing_ok=True)
    settings = load_settings()
    try:
        check_source(settings)
    except SourceRefused as refusal:
        # The only exception that Celery does not log and forget here.
        raise SystemExit(f"worker: {refusal}") from None
    preload(settings)


@worker_ready.connect
def beat(sender: Any, **_: Any) -> None:
    """Say that we are alive from the loop that fetches jobs, once a child is ready: a loop that hangs says nothing."""
    redis = Redis.from_url(load_settings().redis_url.get_secret_value(), socket_timeout=2, socket_connect_timeout=2)
    key = f"{WORKERS}:{socket.gethostname()}:{os.getpid()}"

    def say() -> None:
        if not alive_file("worker").exists():
            sender.timer.call_after(FIRST_BEAT_SECONDS, say)
            return
        alive_file("worker").touch()
        try:
            redis.set(key, 1, ex=SEEN_SECONDS)
        except (RedisError, OSError):
            log.warning("worker.beat_not_heard")
        sender.timer.call_after(BEAT_SECONDS, say)

    say()
    log.info("worker.ready", pid=os.getpid())
