"""A whole system for one scene or several: started as `imageshield up` does, with a temporary directory of its own."""

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
    """A running system, and what a scene asks of it beside its API."""

    system: system.System
    temporary: Path
    quick: bool

    @property
    def url(self):
        return self.system.url

    def pid(self, name):
        return self.system.supervisor.pid(name)

    def workers(self):
        """List the children that do the jobs."""
        return processes.family(self.pid("worker"))[1:]

    def processor_ms(self):
        """Return the time that each process has used up to now, with everything below it."""
        return {name: processes.processor_ms(self.pid(name)) for name in (*OURS, *SERVERS)}

    def metric(self, name):
        """Return the gateway's samples of a metric, by their labels."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=10) as answer:  # noqa: S310 - our own http address
            lines = answer.read().decode().splitlines()
        found = (re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line) for line in lines)
        return {hit[1] or "": float(hit[2]) for hit in found if hit}

    async def query(self, statement, *arguments):
        """Ask the database itself: what the API would cost is not what is asked for."""
        connection = await asyncpg.connect(self.system.variables["DATABASE_URL"])
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()


@contextmanager
def staged(*, workers, quick, path=None):
    """Start everything, lend it, stop everything."""
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
    """Return what this process was started with, less what would lead to servers that are not the scene's."""
    ours = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name not in ours} | more


def _say(message):
    print(f"  {message}", file=sys.stderr, flush=True)
