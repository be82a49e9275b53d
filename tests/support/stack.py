"""Servers and the whole system for the tests, started by the same supervisor as `imageshield up`.

`python -m tests.support.stack DIRECTORY` starts the servers alone, prints their addresses and waits for a signal. Tests
use it to kill a supervisor, or to run one as another user.
"""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import redis

from backplane.settings import Settings
from imageshield.servers import embedded, logs, processes, system
from imageshield.servers.home import Home
from imageshield.servers.supervisor import Supervisor
from imageshield.servers.valkey import DATABASES
from tests.support.databases import DatabasePool

ROOT = Path(__file__).resolve().parents[2]


class Stack:
    """PostgreSQL, Valkey and SeaweedFS. A test borrows a database and a Valkey database; the bucket is shared."""

    def __init__(self, home: Home, *, volatile: bool, report: Callable[[str], None] = print) -> None:
        composed = embedded.compose(home, {}, volatile=volatile)
        self.home = home.path
        self.variables = composed.variables
        self.supervisor = Supervisor(composed.services, home=home.path, report=report)
        self.databases = DatabasePool(self.database_url, migrate)
        self._counter = itertools.count(1)

    def redis_url(self) -> str:
        """Return the URL of an empty database. All databases share the channels: publish under unique names."""
        number = next(self._counter) % (DATABASES - 1) + 1
        url = self.variables["REDIS_URL"].rpartition("/")[0] + f"/{number}"
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def settings(self, *, database_url: str, redis_url: str, **changes: object) -> Settings:
        variables = {name.lower(): value for name, value in self.variables.items() if name != "DATABASE_OWNER_URL"}
        variables |= {"database_url": database_url, "redis_url": redis_url, "environment": "test"}
        return Settings(**(variables | changes))

    def database_url(self, name: str) -> str:
        """Return the address of a database, as the owner of its tables: tests also look and change past the product."""
        return self.variables["DATABASE_OWNER_URL"].rpartition("/")[0] + f"/{name}"

    def as_application(self, url: str) -> str:
        """Return the address of a database for the role of the services."""
        return self.variables["DATABASE_URL"].rpartition("/")[0] + "/" + url.rpartition("/")[2]


class SystemUnderTest:
    """The whole system, with the operations of tests on it."""

    def __init__(self, running: system.System) -> None:
        self.url = running.url
        self.variables = running.variables
        self.home = running.home
        self.metrics = running.metrics | {"gateway": f"{running.url}/metrics"}
        self.supervisor = running.supervisor

    def pid(self, name: str) -> int:
        pid = self.supervisor.pid(name)
        assert pid is not None, f"{name} is not running"
        return pid

    def children(self, name: str) -> list[int]:
        """List the processes below one: the pool of the worker."""
        return processes.children(self.pid(name))

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a process and wait until its successor answers."""
        before = self.supervisor.starts(name)
        os.kill(self.pid(name), number)
        wait_until(lambda: self.supervisor.starts(name) > before, f"{name} is started again")
        self.await_ready()

    def await_ready(self) -> None:
        await_ready(self.supervisor)

    def log(self, name: str) -> str:
        return self.supervisor.log(name).read_text(errors="replace")


class ChildrenKilledAt:
    """A follower of a job that kills the children of the worker once, when the job reaches a stage."""

    def __init__(self, system: SystemUnderTest, stage: str) -> None:
        self._system = system
        self._stage = stage
        self.killed: list[int] = []

    def __call__(self, event: dict) -> None:
        if event["payload"].get("stage") == self._stage and not self.killed:
            self.killed = self._system.children("worker")
            for pid in self.killed:
                os.kill(pid, signal.SIGKILL)


@contextlib.contextmanager
def running_stack(path: Path, *, volatile: bool = True) -> Iterator[Stack]:
    home = Home.open(path)
    try:
        stack = Stack(home, volatile=volatile)
        stack.supervisor.start()
        try:
            yield stack
        finally:
            stack.supervisor.stop()
    finally:
        home.close()


@contextlib.contextmanager
def running_system(path: Path, *, workers: int = 1, **changes: str) -> Iterator[SystemUnderTest]:
    environment = clean_environment() | {"ENVIRONMENT": "test"} | changes
    with system.running(path, report=print, workers=workers, environment=environment) as running:
        yield SystemUnderTest(running)


def clean_environment() -> dict[str, str]:
    """Return this process's environment without settings, so that a child uses the servers of the test."""
    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours}


def migrate(database_url: str, revision: str = "head") -> None:
    command = [sys.executable, "-m", "alembic", "-c", str(ROOT / "migrations/alembic.ini"), "upgrade", revision]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"DATABASE_URL": database_url})


def await_ready(supervisor: Supervisor) -> None:
    """Wait until every process answers; a failure shows what the silent ones logged."""

    def silent() -> list[str]:
        return [name for name in supervisor.names if not supervisor.is_ready(name)]

    try:
        wait_until(lambda: not silent(), "every process answers")
    except AssertionError as error:
        for name in silent():
            error.add_note(f"{name}:\n" + logs.tail(supervisor.log(name), lines=40))
        raise


def wait_until(condition: Callable[[], object], what: str, *, seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)


def main() -> None:
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: over.set())
    with running_stack(Path(sys.argv[1]), volatile=False) as stack:
        pids = {name: stack.supervisor.pid(name) for name in stack.supervisor.names}
        print("SERVERS " + json.dumps({"variables": stack.variables, "pids": pids}), flush=True)  # noqa: T201 -- read by the test
        over.wait()


if __name__ == "__main__":
    main()
