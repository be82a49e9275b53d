"""What happens to the worker from its start to its end: Celery's signals, and the system's."""

import os
import resource
import signal
import socket
from typing import Any

import structlog
from celery.signals import (
    setup_logging,
    worker_init,
    worker_process_init,
    worker_process_shutdown,
    worker_ready,
    worker_shutting_down,
)
from redis import Redis
from redis.exceptions import RedisError

from backplane import logging
from backplane.alive import alive_file, seconds_left
from backplane.bus import WORKERS
from backplane.settings import load_settings
from worker import exporter
from worker.engine import close_engine, engine
from worker.runner import preload
from worker.sources import SourceRefused, check_source

log = structlog.get_logger()

BEAT_SECONDS = 10
LEAVE = signal.SIGUSR2
"""From the parent to its children: the worker stops. Not SIGTERM, with which Celery ends a child whose time is up."""

NICENESS = 5
"""On one machine with everything else: who waits for an answer of a few milliseconds goes before work that takes
seconds of both cores. Where nobody else wants the processor it costs nothing."""


@setup_logging.connect
def configure_logging(**_: Any) -> None:
    logging.configure(load_settings().log_level)


@worker_init.connect
def prepare(**_: Any) -> None:
    alive_file("worker").unlink(missing_ok=True)
    # Inherited by the children: one that is told to leave before it has an engine would die of it.
    signal.signal(LEAVE, signal.SIG_IGN)
    settings = load_settings()
    try:
        check_source(settings)
    except SourceRefused as refusal:
        # The only exception that Celery does not log and forget here.
        raise SystemExit(f"worker: {refusal}") from None
    preload(settings)
    listening = exporter.serve_pool(settings)
    if listening is not None:
        # A child that held it too would keep the port from the worker's successor.
        worker_process_init.connect(lambda **_: listening.close(), weak=False)


@worker_process_init.connect
def open_engine(**_: Any) -> None:
    wall = load_settings().worker_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (wall, wall))
    os.nice(NICENESS)
    # A Ctrl-C goes to the whole group; the parent tells its children when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        engine()
    except Exception:
        # Raised from here, it would leave a half-made child that takes jobs and never runs one.
        log.exception("worker.child_not_ready")
    else:
        signal.signal(LEAVE, lambda *_: engine().leave())
        alive_file("worker").touch()
        log.info("worker.child_ready", pid=os.getpid())


@worker_process_shutdown.connect
def close_child(**_: Any) -> None:
    close_engine()


@worker_ready.connect
def begin(sender: Any, **_: Any) -> None:
    tell_children_to_leave(sender.pool)
    beat(sender.timer)
    log.info("worker.ready", pid=os.getpid())


def beat(timer: Any) -> None:
    """Let the gateway know, from the loop that asks for work, for how long the worker counts as alive."""
    redis = Redis.from_url(load_settings().redis_url.get_secret_value(), socket_timeout=2, socket_connect_timeout=2)
    key = f"{WORKERS}:{socket.gethostname()}:{os.getpid()}"

    def say() -> None:
        timer.call_after(BEAT_SECONDS if alive_file("worker").exists() else 0.1, say)
        left = round(seconds_left("worker") * 1000)
        try:
            if left > 0:
                redis.set(key, 1, px=left)
        except (RedisError, OSError):
            log.warning("worker.beat_not_heard")

    say()


def tell_children_to_leave(pool: Any) -> None:
    """Pass a stop on to the children, which know what to do with their jobs: a second one leaves them no time."""

    def tell(**_: Any) -> None:
        for pid in pool.info["processes"]:
            os.kill(pid, LEAVE)

    worker_shutting_down.connect(tell, weak=False)
