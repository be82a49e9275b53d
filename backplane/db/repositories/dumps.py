"""Import and export of whole tables as CSV with named columns, for backups, independent of the schema."""

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

LEFT_OUT = frozenset(
    {
        "alembic_version",
        "factor_resets",
        "invitations",
        "known_devices",
        "login_sessions",
        "mails",
        "one_time_tokens",
        "refresh_tokens",
        "revocations",
    }
)
"""The migration makes the first. `mails` would send again what was sent. The others would restore login sessions,
invitations, links and requests that have ended meanwhile."""

FORM = ("SET LOCAL datestyle = 'ISO'", "SET LOCAL timezone = 'UTC'", "SET LOCAL bytea_output = 'hex'")
"""The format of values, independent of the server's configuration, for export and import."""

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
    """An object that a row names; a `passing` object already has a deletion date."""

    id: UUID
    key: str
    media_type: str
    passing: bool


class Misfit(Exception):
    """A table refuses rows; the message is the kind of the error."""


async def begin_snapshot(session: Session) -> None:
    """Make the session's transaction a read-only snapshot; call this before anything else in it."""
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True})
    await set_form(session)


async def set_form(session: Session) -> None:
    for statement in FORM:
        await session.execute(text(statement))


async def revision(session: Session) -> str | None:
    """Return the migration of the database; None before the first one."""
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
    """Return the name of a table that is not empty; None if all are empty."""
    for row in (await session.execute(text(TABLES))).all():
        one = f"SELECT true FROM {_quoted(row.name)} LIMIT 1"  # noqa: S608 - quoted
        if row.name != "alembic_version" and await session.scalar(text(one)):
            return str(row.name)
    return None


async def count(session: Session, table: str) -> int:
    found: int | None = await session.scalar(text(f"SELECT count(*) FROM {_quoted(table)}"))  # noqa: S608 - quoted
    return found or 0


async def copy_out(session: Session, table: Table, write: Callable[[bytes], Awaitable[None]]) -> int:
    """Export all rows of a table; return their number."""
    connection = await _driver(session)
    done = await connection.copy_from_table(
        table.name, columns=table.columns, output=write, format="csv", header=True, encoding="utf-8"
    )
    return int(done.split()[-1])


async def copy_in(session: Session, table: Table, file: Path) -> int:
    """Import rows that `copy_out` wrote; return their number.

    Raises:
        Misfit: the table refuses them.
    """
    connection = await _driver(session)
    try:
        done = await connection.copy_to_table(
            table.name, columns=table.columns, source=file, format="csv", header=True, encoding="utf-8"
        )
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError, asyncpg.SyntaxOrAccessError) as error:
        # Only the kind: the message quotes the row.
        raise Misfit(type(error).__name__) from None
    return int(done.split()[-1])


async def disable_triggers(session: Session) -> None:
    """Load rows as they were: a trigger would add what other tables of the backup hold. For the owner of the tables."""
    await _alter_triggers(session, "DISABLE")


async def enable_triggers(session: Session) -> None:
    await _alter_triggers(session, "ENABLE")


async def advance_sequences(session: Session) -> None:
    """Let every sequence continue after the largest value of its column."""
    for row in (await session.execute(text(SEQUENCES))).all():
        last = f"SELECT coalesce(max({_quoted(row.field)}), 0) + 1 FROM {_quoted(row.name)}"  # noqa: S608 - quoted
        await session.execute(text(f"SELECT setval(:sequence, ({last}), false)"), {"sequence": row.sequence})


async def objects(session: Session) -> AsyncIterator[StoredObject]:
    """Yield the objects that rows name, a few rows at a time."""
    rows = await session.stream(
        select(Blob.id, Blob.object_key, Blob.media_type, Blob.sealed.is_not(None), Blob.delete_after.is_not(None))
        .where(Blob.deleted_at.is_(None))
        .order_by(Blob.id)
    )
    async for blob_id, key, media_type, sealed, passing in rows:
        yield StoredObject(blob_id, key, "application/octet-stream" if sealed else media_type, passing)


async def account_keys(session: Session) -> AsyncIterator[tuple[UUID, UUID, int]]:
    """Yield the account keys in use: account, key id and version."""
    rows = await session.stream(select(Account.id, Account.kek_id, Account.kek_version).order_by(Account.id))
    async for account_id, key_id, version in rows:
        yield account_id, key_id, version


async def transit_keys(session: Session) -> list[UUID]:
    """List the transit keys that unfinished jobs need: the first bytes of a sealed secret or input are the key's id."""
    unfinished = Job.status.in_(("pending", "processing"))
    secrets = select(func.substring(Job.secret, 1, 16)).where(unfinished, Job.secret.is_not(None))
    inputs = (
        select(func.substring(Blob.sealed, 1, 16))
        .join(Job, Job.id == Blob.job_id)
        .where(unfinished, Blob.sealed.is_not(None), Blob.purpose.startswith("input", autoescape=True))
    )
    return [UUID(bytes=bytes(name)) for name in await session.scalars(secrets.union(inputs))]


async def requeue_restored(session: Session) -> int:
    """Put every unfinished job back into the queue, and fence off its worker; return the number of jobs.

    An attempt that was running does not count against the job. The sweeper ends a job whose owner asked to cancel it,
    because its lease has expired.
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


async def _alter_triggers(session: Session, change: str) -> None:
    for row in (await session.execute(text(TABLES))).all():
        await session.execute(text(f"ALTER TABLE {_quoted(row.name)} {change} TRIGGER USER"))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


async def _driver(session: Session) -> Any:
    """Return the driver's connection: SQLAlchemy has no COPY."""
    connection = await session.connection()
    return (await connection.get_raw_connection()).driver_connection
