"""The format engine in TypeScript in a browser: the page of clients/typescript/tests/browser does tasks and reports."""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple

import psutil

from tests.support.stack import ROOT

BUNDLER = ROOT / "node_modules" / ".bin" / "rolldown"
PAGE = ROOT / "clients" / "typescript" / "tests" / "browser"
BROWSERS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "firefox": ("firefox", "firefox-esr")}

_CHROMIUM = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
)

_PAGE_PROCESS = {"--type=renderer", "-contentproc"}


class Usage(NamedTuple):
    """The peak resident memory of a process, in bytes, and the seconds that it computed."""

    memory: int
    seconds: float


def find(browser: str) -> str | None:
    """Return the program of a browser, or None."""
    return next(filter(None, map(shutil.which, BROWSERS[browser])), None)


def build(folder: Path) -> None:
    """Bundle the page into a folder."""
    for name in ("page", "worker"):
        bundle(PAGE / f"{name}.ts", folder / f"{name}.js", platform="browser")
    shutil.copy(PAGE / "page.html", folder)


def bundle(source: Path, target: Path, *, platform: str) -> None:
    """Bundle a module and all that it imports into one file."""
    command = [BUNDLER, source, "--format", "esm", "--platform", platform, "--file", target]
    subprocess.run(command, check=True, capture_output=True)


class Handler(SimpleHTTPRequestHandler):
    """Serves the page, and takes its report."""

    def __init__(self, *args: Any, reports: SimpleQueue[Any], **options: Any) -> None:
        self.reports = reports
        super().__init__(*args, **options)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.reports.put(json.loads(body))

    def log_message(self, *_: Any) -> None:
        """Log nothing."""


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, SimpleQueue[Any]]]:
    """Serve a folder on this machine; yield the page's address and its reports."""
    reports: SimpleQueue[Any] = SimpleQueue()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(folder), reports=reports))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/page.html", reports
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def browsing(browser: str, address: str, profile: str) -> Iterator[subprocess.Popen[bytes]]:
    """Show a page in a browser without a window, with a new profile."""
    program = find(browser)
    assert program is not None, f"{browser} is not installed"
    own = [f"--user-data-dir={profile}", *_CHROMIUM] if browser == "chromium" else ["--headless", "--profile", profile]
    running = subprocess.Popen(
        [program, *own, address], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield running
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(timeout=30)


def perform(browser: str, folder: Path, tasks: Sequence[Any], *, timeout: float = 120) -> tuple[Any, Usage]:
    """Let the built page of a folder do tasks in a browser.

    Returns:
        An answer for each task: its `value`, or an `error`; and what the page's process used.

    Raises:
        AssertionError: no report within `timeout` seconds.
    """
    (folder / "tasks.json").write_text(json.dumps(tasks))
    with (
        tempfile.TemporaryDirectory(prefix="profile-", ignore_cleanup_errors=True) as profile,
        serving(folder) as (address, reports),
        browsing(browser, address, profile) as running,
    ):
        try:
            return reports.get(timeout=timeout), _usage(running.pid)
        except Empty:
            raise AssertionError(f"{browser} reported nothing within {timeout} seconds") from None


def _usage(session: int) -> Usage:
    """Return what the largest process with a page used, of a session of processes."""
    used = [Usage(0, 0)]
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if os.getsid(process.pid) == session and _PAGE_PROCESS.intersection(process.cmdline()):
                peak = re.findall(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
                used += [Usage(1024 * int(size), sum(process.cpu_times()[:2])) for size in peak]
    return max(used)
