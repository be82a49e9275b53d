"""Whole tables in and out, as CSV with named columns: what a backup is made of, whatever the tables are."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import func, insert, select, text, update

from backplane.db.models import Account, Blob, Job, Outbox
from backplane.db.repositories.leases import MAX_ATTEMPTS
from backplane.db.repositories.outbox import CHANNEL
from backplane.db.session import Session

LEFT_OUT = frozenset({"alembic_version", "refresh_tokens"})
"""The first is made by the migration. The second would revive log-ins that were revoked meanwhile."""

FORM = ("SET LOCAL datestyle = 'ISO'", "SET LOCAL timezone = 'UTC'", "SET LOCAL bytea_output = 'hex'")
"""How values are written: whatever the server's configuration says, and the same on the way back."""

TABLES = """
SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
GROUP BY c.relname ORDER BY c.relname
"""
REFERENCES = """
SELECT source.relname AS name, target.relname AS needs
FROM pg_constraint f JOIN pg_class source ON source.oid = f.conrelid JOIN pg_class target ON target.oid = f.confrelid
WHERE f.contype = 'f' AND f.connamespace = current_schema()::regnamespace AND f.conrelid <> f.confrelid
"""
SEQUENCES = """
SELECT name, field, pg_get_serial_sequence(quote_ident(name), field) AS sequence
FROM (SELECT c.relname::text AS name, a.attname::text AS field FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace AND a.attnum > 0
      AND NOT a.attisdropped) AS columns
WHERE pg_get_serial_sequence(quote_ident(name), field) IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredObject:
    """An object that a row names; a `passing` one has its day of deletion set already."""

    id: UUID
    key: str
    media_type: str
    passing: bool


class Misfit(Exception):
    """A table refuses rows; says what kind of refusal it was."""


async def begin_snapshot(session: Session) -> None:
    """Make the session's transaction see one moment, and write nothing; must come before anything else in it."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
    await set_form(session)


async def set_form(session: Session) -> None:
    for statement in FORM:
        await session.execute(text(statement))


async def revision(session: Session) -> str | None:
    """Return the migration that the database is at; None before the first one."""
    if await session.scalar(text("SELECT to_regclass('alembic_version')")) is None:
        return None
    found: str | None = await session.scalar(text("SELECT version_num FROM alembic_version"))
    return found


async def tables(session: Session) -> list[Table]:
    """List the tables that a backup holds, each after those that it refers to."""
    found = {row.name: Table(row.name, tuple(row.columns)) for row in await session.execute(text(TABLES))}
    graph: dict[str, set[str]] = {name: set() for name in found}
    for row in await session.execute(text(REFERENCES)):
        graph[row.name].add(row.needs)
    return [found[name] for name in TopologicalSorter(graph).static_order() if name not in LEFT_OUT]


async def first_with_rows(session: Session) -> str | None:
    """Name a table that is not empty; None where all are."""
    for row in (await session.execute(text(TABLES))).all():
        one = f"SELECT true FROM {_quoted(row.name)} LIMIT 1"  # noqa: S608 - quoted
        if row.name != "alembic_version" and await session.scalar(text(one)):
            return str(row.name)
    return None


async def count(session: Session, table: str) -> int:
    found: int | None = await session.scalar(text(f"SELECT count(*) FROM {_quoted(table)}"))  # noqa: S608 - quoted
    return found or 0


async def copy_out(session: Session, table: Table, write: Callable[[bytes], Awaitable[None]]) -> int:
    """Write all rows of a table; returns how many there are."""
    connection = await _driver(session)
    done = await connection.copy_from_table(
        table.name, columns=table.columns, output=write, format="csv", header=True, encoding="utf-8"
    )
    return int(done.split()[-1])


async def copy_in(session: Session, table: Table, file: Path) -> int:
    """Read rows that `copy_out` wrote; returns how many there were.

    Raises:
        Misfit: the table does not take them.
    """
    connection = await _driver(session)
    try:
        done = await connection.copy_to_table(
            table.name, columns=table.columns, source=file, format="csv", header=True, encoding="utf-8"
        )
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.SyntaxOrAccessError) as error:
        # The kind alone: the message quotes the row.
        raise Misfit(type(error).__name__) from None
    return int(done.split()[-1])


async def advance_sequences(session: Session) -> None:
    """Let every sequence go on behind what stands in its column."""
    for row in (await session.execute(text(SEQUENCES))).all():
        last = f"SELECT coalesce(max({_quoted(row.field)}), 0) + 1 FROM {_quoted(row.name)}"  # noqa: S608 - quoted
        await session.execute(text(f"SELECT setval(:sequence, ({last}), false)"), {"sequence": row.sequence})


async def objects(session: Session) -> AsyncIterator[StoredObject]:
    """Give what lies in the store, a few rows at a time."""
    rows = await session.stream(
        select(Blob.id, Blob.object_key, Blob.media_type, Blob.sealed.is_not(None), Blob.delete_after.is_not(None))
        .where(Blob.deleted_at.is_(None))
        .order_by(Blob.id)
    )
    async for blob_id, key, media_type, sealed, passing in rows:
        yield StoredObject(blob_id, key, "application/octet-stream" if sealed else media_type, passing)


async def account_keys(session: Session) -> AsyncIterator[tuple[UUID, UUID, int]]:
    """Give the keys of the vault that accounts have: account, key and version."""
    rows = await session.stream(select(Account.id, Account.kek_id, Account.kek_version).order_by(Account.id))
    async for account_id, key_id, version in rows:
        yield account_id, key_id, version


async def transit_keys(session: Session) -> list[UUID]:
    """List the keys of days that jobs which have not ended need: a secret, or an input, names its own in front."""
    unfinished = Job.status.in_(("pending", "processing"))
    secrets = select(func.substring(Job.secret, 1, 16)).where(unfinished, Job.secret.is_not(None))
    inputs = (
        select(func.substring(Blob.sealed, 1, 16))
        .join(Job, Job.id == Blob.job_id)
        .where(unfinished, Blob.sealed.is_not(None), Blob.purpose.startswith("input", autoescape=True))
    )
    return [UUID(bytes=bytes(name)) for name in await session.scalars(secrets.union(inputs))]


async def requeue_restored(session: Session) -> int:
    """Put every job that had not ended back into the queue, and fence off whoever had it; returns how many.

    What a running attempt took with it does not count against the job. One whose owner asked to cancel it is left to
    the sweeper, which finds its lease run out.
    """
    running = Job.status == "processing"
    await session.execute(
        update(Job).where(running, Job.cancel_requested_at.is_not(None)).values(lease_until=func.now())
    )
    await session.execute(
        update(Job)
        .where(running, Job.cancel_requested_at.is_(None))
        .values(
            status="pending",
            lease_until=None,
            fencing_token=Job.fencing_token + 1,
            attempts=func.least(Job.attempts, MAX_ATTEMPTS - 1),
        )
    )
    unrung = select(Job.id, func.coalesce(Job.not_before, func.now())).where(
        Job.status == "pending", ~select(Outbox.id).where(Outbox.job_id == Job.id).exists()
    )
    await session.execute(insert(Outbox).from_select(["job_id", "due_at"], unrung))
    await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
    return await session.scalar(select(func.count()).where(Job.status == "pending")) or 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _driver(session: Session) -> Any:
    """The driver's own connection: SQLAlchemy knows no COPY."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection
