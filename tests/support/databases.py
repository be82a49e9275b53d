"""Pool of test databases: each test borrows one, and a returned database is emptied and lent again.

On a busy machine with two cores CREATE and DROP DATABASE take 1.3 s together, and emptying one takes 0.02 s.
"""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg

CATALOGUES = (
    *("pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_extension", "pg_index", "pg_namespace"),
    *("pg_policy", "pg_proc", "pg_rewrite", "pg_trigger", "pg_type", "alembic_version"),
)
WRITTEN = " UNION ALL ".join(
    f"SELECT '{name}', count(*), max(xmin::text::bigint) FROM {name}"  # noqa: S608 -- names from the list above
    for name in CATALOGUES
)
"""Differs after each change of the schema: a new or altered row of a catalogue has the number of its transaction."""

DISCONNECT = """
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

# As a replica: neither foreign keys nor the triggers that guard the audit trail stop it. DELETE, since TRUNCATE makes
# new files for each table and takes 0.2 s.
EMPTY = """
DO $$ DECLARE name text; BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    PERFORM setval(seqrelid::regclass, seqstart, false) FROM pg_sequence;
END $$
"""


class DatabasePool:
    """Copies of one migrated template. Each borrower has a database of its own, with no rows and no connections."""

    def __init__(self, url: Callable[[str], str], migrate: Callable[[str], None]) -> None:
        self._url = url
        self._migrate = migrate
        self._counter = itertools.count(1)
        self._free: list[str] = []
        self._schemas: dict[str, Any] = {}

    @contextmanager
    def lend(self) -> Iterator[str]:
        name = self._free.pop() if self._free else self._create()
        try:
            yield self._url(name)
        finally:
            if asyncio.run(self._empty(name)):
                self._free.append(name)
            else:
                self._drop(name)

    @contextmanager
    def lend_unmigrated(self) -> Iterator[str]:
        """Lend a database without any table; it is dropped afterwards."""
        name = f"empty_{next(self._counter)}"
        self._administrate(f"CREATE DATABASE {name}")
        try:
            yield self._url(name)
        finally:
            self._drop(name)

    def _create(self) -> str:
        template = "template_imageshield"
        if not self._schemas:
            self._administrate(f"DROP DATABASE IF EXISTS {template}", f"CREATE DATABASE {template}")
            self._migrate(self._url(template))
            self._schemas[template] = query(self._url(template), WRITTEN)
        name = f"test_{next(self._counter)}"
        self._administrate(f"CREATE DATABASE {name} TEMPLATE {template}")
        self._schemas[name] = self._schemas[template]
        return name

    async def _empty(self, name: str) -> bool:
        """Delete all rows; return whether the schema is still the template's."""
        connection = await asyncpg.connect(self._url(name), timeout=10)
        try:
            await connection.execute(DISCONNECT)
            if await connection.fetch(WRITTEN) != self._schemas[name]:
                return False
            await connection.execute(EMPTY)
            return True
        finally:
            await connection.close()

    def _drop(self, name: str) -> None:
        self._administrate(f"DROP DATABASE {name} WITH (FORCE)")

    def _administrate(self, *statements: str) -> None:
        for statement in statements:
            query(self._url("postgres"), statement)


def query(url: str, statement: str, *arguments: object) -> list[Any]:
    """Run one statement on a connection of its own."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(url, timeout=10)
        try:
            return await connection.fetch(statement, *arguments)
        finally:
            await connection.close()

    return asyncio.run(ask())
