"""A whole system for one or more scenes, started as by `imageshield up`, with its own temporary directory."""

import os
import re
import sys
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from backplane.settings import Settings
from benchmarks.load import processes
from imageshield.servers import system
from imageshield.servers.home import scratch

OURS = ("gateway", "worker", "relay")
SERVERS = ("postgres", "valkey", "seaweedfs")


@dataclass(frozen=True)
class Stage:
    """A running system, and the measurements that a scene takes apart from the API."""

    system: system.System
    temporary: Path
    quick: bool

    @property
    def url(self):
        return self.system.url

    def pid(self, name):
        return self.system.supervisor.pid(name)

    def workers(self):
        """List the child processes of the worker, which run the jobs."""
        return processes.family(self.pid("worker"))[1:]

    def processor_ms(self):
        """Return the processor time that each process and its descendants have used until now."""
        return {name: processes.processor_ms(self.pid(name)) for name in (*OURS, *SERVERS)}

    def metric(self, name):
        """Return the gateway's samples of a metric, by their labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:  # noqa: S310 - our own http address
            lines = answer.read().decode().splitlines()
        found = (re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line) for line in lines)
        return {hit[1] or "": float(hit[2]) for hit in found if hit}

    async def query(self, statement, *arguments):
        """Query the database directly, so that the API's cost is not measured."""
        connection = await asyncpg.connect(self.system.variables["DATABASE_URL"])
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


@contextmanager
def staged(*, workers, quick, path=None):
    """Start everything, yield it, and stop everything."""
    with scratch() as place:
        place.chmod(0o711)  # the user that runs PostgreSQL for root passes through
        temporary = place / "temporary"
        temporary.mkdir()
        temporary.chmod(0o1777)
        with system.running(
            path or place / "data", report=_say, workers=workers, environment=environment(TMPDIR=str(temporary))
        ) as running:
            yield Stage(running, temporary, quick)


def environment(**more):
    """Return the environment of this process without our own settings, which could name foreign servers."""
    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours} | more


def _say(message):
    print(f"  {message}", file=sys.stderr, flush=True)
