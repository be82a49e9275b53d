"""`imageshield up`: run the whole system until a signal ends it."""

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TextIO

from backplane.settings import Settings
from backplane.wiring.operator import issue_operator_code
from imageshield.servers import home, logs, system
from imageshield.servers.errors import StartRefused
from imageshield.servers.supervisor import Interrupted
from imageshield.terminal.reporting import print_json, printable

DEFAULT_PORT = 8000
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(
    *, host: str = "127.0.0.1", port: int = DEFAULT_PORT, data_dir: Path | None = None, workers: int | None = None
) -> int:
    """Start the system, print one line of JSON on stdout, wait for a signal, stop. Returns the exit code."""
    path = (data_dir or home.default_path()).expanduser().resolve()
    interrupted = _catch_signals()
    report = reporter(sys.stderr, path / "logs" / "supervisor.log")
    report(f"data directory {path}")
    try:
        with system.running(
            path,
            report=report,
            host=host,
            port=port,
            workers=workers or default_workers(),
            interrupted=interrupted,
        ) as running:
            for name, url in running.metrics.items():
                report(f"metrics of the {name} on {url}")
            show_operator_code(running)
            if folder := running.variables.get("MAIL_OUTBOX_DIRECTORY"):
                report(
                    f"mails are written to {folder}, and operators read them on the page /outbox; SMTP_URL sends them"
                )
            metrics = {"metrics": dict(running.metrics)} if running.metrics else {}
            url = running.public_url
            print_json({"ready": True, "url": url, **metrics}, indent=None)
            report(f"ready on {url} (API documentation: {url}/docs); Ctrl-C stops everything")
            interrupted.wait()
            report("stopping")
    except Interrupted:
        report("interrupted while starting; everything is stopped")
    except StartRefused as refusal:
        report(f"cannot start: {refusal}")
        return 1
    return 0


def show_operator_code(running: system.System) -> None:
    """Print the address that makes the first operator, on the terminal and in no log; nothing if there is one."""
    code = issue_code(running.variables)
    if code is not None:
        page = f"{running.public_url}/setup#operator={code}"
        sys.stderr.write(f"imageshield: this installation has no operator: register as one within a day at {page}\n")
        sys.stderr.flush()


def issue_code(variables: Mapping[str, str]) -> str | None:
    """Make the code of the first operator of a running system; None if there is an operator."""
    known = {**os.environ, **variables}
    given = {name: known[name.upper()] for name in Settings.model_fields if known.get(name.upper())}
    return asyncio.run(issue_operator_code(Settings(**given)))


def default_workers() -> int:
    """Return one worker per processor, at most four: a job takes two threads and half a gigabyte."""
    return min(4, os.cpu_count() or 1)


def reporter(stream: TextIO, log: Path) -> Callable[[str], None]:
    """Return a function that writes messages to the stream, and to the log as soon as its folder exists."""
    guard = threading.Lock()

    def report(message: str) -> None:
        with guard:
            line = printable(message)
            stream.write(f"imageshield: {line}\n")
            stream.flush()
            if log.parent.is_dir():
                with logs.open_append(log) as file:
                    file.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n".encode())

    return report


def _catch_signals() -> threading.Event:
    """Return an event that the stop signals set. A second signal changes nothing: stopping has its own time limit."""
    interrupted = threading.Event()
    for number in STOP_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, lambda _number, _frame: interrupted.set())
    return interrupted
