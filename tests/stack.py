"""The three servers for the tests, started once for the session by the same supervisor as `imageshield up`."""

import asyncio
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import redis

from backplane.settings import Settings
from cli.servers import embedded
from cli.servers.home import Home
from cli.servers.valkey import DATABASES
from cli.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[1]
TEMPLATE = "template_imageshield"


@contextlib.contextmanager
def scratch_home() -> Iterator[Path]:
    """An empty directory for a data directory. pytest's own are closed to the user that runs PostgreSQL for root."""
    place = "/var/tmp" if os.geteuid() == 0 else None  # noqa: S108 -- mkdtemp makes a private directory in it
    path = Path(tempfile.mkdtemp(prefix="imageshield-test-", dir=place))
    try:
        yield path
    finally:
        shutil.rmtree(path)


class Stack:
    """PostgreSQL, Valkey and SeaweedFS. Each test takes a database, a Valkey database and shares the bucket."""

    def __init__(self, home: Home, *, report: Callable[[str], None]) -> None:
        composed = embedded.compose(home, {}, volatile=True)
        self.home = home.path
        self.variables = composed.variables
        self.supervisor = Supervisor(composed.services, home=home.path, report=report)
        self._counter = itertools.count(1)
        self._template_is_made = False

    @contextlib.contextmanager
    def database(self) -> Iterator[str]:
        """Make a migrated database and give its URL."""
        self._make_template()
        name = f"test_{next(self._counter)}"
        self.sql(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
        try:
            yield self._database_url(name)
        finally:
            self.sql(f"DROP DATABASE {name} WITH (FORCE)")

    def redis_url(self) -> str:
        """Give the URL of an emptied database. Channels are shared by all of them: publish under names of your own."""
        number = next(self._counter) % (DATABASES - 1) + 1
        url = self.variables["REDIS_URL"].rpartition("/")[0] + f"/{number}"
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def settings(self, *, database_url: str, redis_url: str, **changes: object) -> Settings:
        variables = {name.lower(): value for name, value in self.variables.items()}
        variables |= {"database_url": database_url, "redis_url": redis_url, "environment": "test"}
        return Settings(**(variables | changes))

    def sql(self, statement: str, *, database: str = "postgres") -> None:
        asyncio.run(_execute(self._database_url(database), statement))

    def _database_url(self, name: str) -> str:
        return self.variables["DATABASE_URL"].rpartition("/")[0] + f"/{name}"

    def _make_template(self) -> None:
        if not self._template_is_made:
            self.sql(f"DROP DATABASE IF EXISTS {TEMPLATE}")
            self.sql(f"CREATE DATABASE {TEMPLATE}")
            migrate(self._database_url(TEMPLATE))
            self._template_is_made = True


def migrate(database_url: str, revision: str = "head") -> None:
    command = [sys.executable, "-m", "alembic", "-c", str(ROOT / "migrations/alembic.ini"), "upgrade", revision]
    subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"DATABASE_URL": database_url})


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextlib.contextmanager
def running_stack() -> Iterator[Stack]:
    with scratch_home() as path:
        home = Home.open(path)
        try:
            stack = Stack(home, report=lambda _: None)
            stack.supervisor.start()
            try:
                yield stack
            finally:
                stack.supervisor.stop()
        finally:
            home.close()
