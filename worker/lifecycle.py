"""The lifecycle of a worker: handlers for Celery's signals and for those of the system."""

import os
import resource
import signal
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

from backplane import logging
from backplane.alive import alive_file
from backplane.garbage import exempt_loaded
from backplane.settings import load_settings
from worker import exporter
from worker.engine import close_engine, engine
from worker.runner import preload
from worker.sources import SourceRefused, check_source

log = structlog.get_logger()

LEAVE = signal.SIGUSR2
"""From the parent to its children: the worker stops. Not SIGTERM, with which Celery ends a child whose time is up."""

NICENESS = 5
"""On a shared machine a request of a few milliseconds goes before work that takes seconds of both cores. On an idle
machine it costs nothing."""


@setup_logging.connect
def configure_logging(**_: Any) -> None:
    logging.configure(load_settings().log_level)


@worker_init.connect
def prepare(**_: Any) -> None:
    alive_file("worker").unlink(missing_ok=True)
    # Inherited by the children: otherwise this signal would kill a child that has no engine yet.
    signal.signal(LEAVE, signal.SIG_IGN)
    settings = load_settings()
    try:
        check_source(settings)
    except SourceRefused as refusal:
        # The only exception that Celery does not log and forget here.
        raise SystemExit(f"worker: {refusal}") from None
    preload(settings)
    exempt_loaded()
    listening = exporter.serve_pool(settings)
    if listening is not None:
        # A child that also held the socket would block the port for the worker's successor.
        worker_process_init.connect(lambda **_: listening.close(), weak=False)


@worker_process_init.connect
def open_engine(**_: Any) -> None:
    wall = load_settings().worker_memory_bytes
    resource.setrlimit(resource.RLIMIT_AS, (wall, wall))
    os.nice(NICENESS)
    # Ctrl-C goes to the whole process group; the parent signals its children when to stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        engine()
    except Exception:
        # If this raised, it would leave a broken child that takes jobs and never runs one.
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
    signal_children_to_leave(sender.pool)
    log.info("worker.ready", pid=os.getpid())


def signal_children_to_leave(pool: Any) -> None:
    """Pass a stop on to the children, which hand over their jobs: a second signal leaves them no time."""

    def signal_children(**_: Any) -> None:
        for pid in pool.info["processes"]:
            os.kill(pid, LEAVE)

    worker_shutting_down.connect(signal_children, weak=False)
