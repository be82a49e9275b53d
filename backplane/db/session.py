"""Database sessions, and the only place that commits."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from backplane.errors import DatabaseUnavailable, Overloaded
from backplane.settings import Settings

REVISION = "0025"
"""The migration that this release needs; it also works with a later one (docs/guides/deployment.md)."""

TRANSIENT_STATES = ("08", "53", "57", "40", "55P03", "25P03")
"""SQLSTATEs of PostgreSQL's appendix A that may not occur at the next attempt: connection, resources (a full disk among
them), an operator or a time limit that stops the statement, a deadlock, a lock that was not available, a transaction
that was idle for too long."""

REFUSED_STATES = ("25006", "42501", "P0001")
"""A standby that accepts no writes, a revoked privilege, a trigger that refuses: an operator must fix it, and then it
is over. If the database refuses an audit entry, nothing of its transaction has happened."""

UNCHECKED_SECONDS = 0.5
"""A connection that was used within this time is lent without a check. If the server killed it since then, that costs a
503 or a retry, and the connection is discarded."""

POOL_WAIT_SECONDS = 2
"""Longer than any healthy transaction; after it the caller gets a 503 with Retry-After and does not hang."""


IDLE_SECONDS = 12
"""A worker that is stopped in the middle of a transaction would keep its job's row locked, and the sweeper skips locked
rows. With this limit the row is free before the fifteen seconds of its lease are over."""


class ReadSession(AsyncSession):
    """A session that only reads: each statement is its own transaction."""


class Session(ReadSession):
    """A unit of work: everything in it is committed together. It may also read."""

    async def reload(self, row: object) -> None:
        """Write what is pending, and read the row as the database has it: defaults and times are its own."""
        await self.flush()
        await self.refresh(row)


AnySession = TypeVar("AnySession", bound=ReadSession)


class Database:
    def __init__(self, engine: AsyncEngine, *, info: Mapping[Any, Any] | None = None) -> None:
        """Prepare sessions; each has `info`, for what works in a transaction and belongs to the process."""
        self.engine = engine
        self._sessions = async_sessionmaker(engine, class_=Session, expire_on_commit=False, info=dict(info or {}))
        autocommit = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._readers = async_sessionmaker(autocommit, class_=ReadSession)

    @classmethod
    def from_settings(
        cls,
        settings: Settings,
        *,
        pool_size: int | None = None,
        command_seconds: float | None = None,
        idle_seconds: int = IDLE_SECONDS,
        info: Mapping[Any, Any] | None = None,
    ) -> Self:
        """Prepare connections.

        The database aborts a statement that takes longer than `command_seconds`, and a transaction that is idle for
        `idle_seconds`; 0 waits indefinitely.
        """
        engine = create_async_engine(
            settings.database_url.get_secret_value(),
            pool_size=pool_size or settings.database_pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_recycle=1800,
            # The connection that was used last has its statements prepared, and needs no check.
            pool_use_lifo=True,
            # An error must not quote the values of a statement.
            hide_parameters=True,
            connect_args={
                "timeout": 5,
                "command_timeout": command_seconds,
                "server_settings": {
                    "application_name": "imageshield",
                    "idle_in_transaction_session_timeout": f"{idle_seconds}s",
                },
            },
        )
        _ping_idle(engine)
        return cls(engine, info=info)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """Open a unit of work: committed when the block ends, rolled back when it raises."""
        async with self._lent(self._sessions) as session:
            yield session
            await session.commit()

    @asynccontextmanager
    async def _lent(self, sessions: async_sessionmaker[AnySession]) -> AsyncIterator[AnySession]:
        try:
            async with sessions() as session:
                yield session
        except PoolTimeoutError as error:
            raise Overloaded from error
        except (OperationalError, InterfaceError, OSError, asyncpg.PostgresError) as error:
            # Only making a connection raises asyncpg's own errors without a wrapper.
            raise DatabaseUnavailable("The database does not answer") from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_away(error):
                raise DatabaseUnavailable("The database cannot do it now") from error
            raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """Open a session for independent statements: each is a transaction, in one round trip instead of three."""
        async with self._lent(self._readers) as session:
            yield session

    async def ping(self) -> None:
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def require_schema(self) -> None:
        """Raise DatabaseUnavailable if the database does not answer, or lacks the migration that this release needs."""
        async with self.transaction() as session:
            is_there = await session.scalar(text("SELECT to_regclass('alembic_version')"))
            found = is_there and await session.scalar(text("SELECT version_num FROM alembic_version"))
        if not found or found < REVISION:
            raise DatabaseUnavailable("The database is not migrated")

    async def close(self) -> None:
        await self.engine.dispose()


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Call `act` when the session's transaction is committed; not when it is rolled back."""
    event.listen(session.sync_session, "after_commit", lambda _: act(), once=True)


def _ping_idle(engine: AsyncEngine) -> None:
    """Check an idle connection before it is lent: the server may have killed it (SQLAlchemy issue 13241).

    `pool_pre_ping` checks it each time, with three round trips: half the time of a short transaction.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def try_it(connection: Any, record: Any, _fairy: Any) -> None:
        if time.monotonic() - record.info.get("idle_since", time.monotonic()) < UNCHECKED_SECONDS:
            return
        try:
            connection.ping()
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool takes the next one


def _is_away(error: DBAPIError) -> bool:
    return str(getattr(error.orig, "sqlstate", None) or "").startswith((*TRANSIENT_STATES, *REFUSED_STATES))
