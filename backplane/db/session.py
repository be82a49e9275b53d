"""The only place that commits."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self, TypeVar

import asyncpg
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from backplane.errors import Overloaded, Unavailable
from backplane.settings import Settings

REVISION = "0010"
"""The migration that this release needs; a later one serves it too (docs/guides/deployment.md)."""

AWAY = ("08", "53", "57", "40", "55P03", "25P03")
"""SQLSTATEs of PostgreSQL's appendix A that the next try may not meet: connection, resources (a full disk among
them), an operator or a time limit that stops it, a deadlock, a lock that was not to be had, a transaction that did
nothing for too long."""

REFUSES = ("25006", "42501", "P0001")
"""A standby that takes no writes, a privilege that was taken away, a trigger that says no: an operator's matter, and
over when it is mended. What was to be written with an audit entry that was refused has not happened."""

RESTED_SECONDS = 0.5
"""A connection that was used within it is taken as it is; one that was killed since then costs a 503 or a retry, and
is thrown away."""

POOL_WAIT_SECONDS = 2
"""Longer than any healthy transaction; after it the caller is told to come back rather than left hanging."""


IDLE_SECONDS = 12
"""A worker that is stopped in mid-transaction would keep its job's row locked, and the sweeper passes over what is
locked: so the row is free before the fifteen seconds of its lease are over."""


class ReadSession(AsyncSession):
    """A session that only reads: each statement is a transaction of its own."""


class Session(ReadSession):
    """A unit of work: everything in it is committed together. It may read as well."""


AnySession = TypeVar("AnySession", bound=ReadSession)


class Database:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, class_=Session, expire_on_commit=False)
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
    ) -> Self:
        """Prepare connections.

        A statement that takes longer than `command_seconds` is given up, and so is a transaction in which nothing
        is asked for `idle_seconds`; 0 waits for ever.
        """
        engine = create_async_engine(
            settings.database_url.get_secret_value(),
            pool_size=pool_size or settings.database_pool_size,
            max_overflow=0,
            pool_timeout=POOL_WAIT_SECONDS,
            pool_recycle=1800,
            # An error must not quote what it was about to write.
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
        _ping_rested(engine)
        return cls(engine)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """One unit of work: committed where the block ends, rolled back where it raises."""
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
            # asyncpg's own errors come unwrapped only from the making of a connection.
            raise Unavailable("The database does not answer") from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_away(error):
                raise Unavailable("The database cannot do it now") from error
            raise

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[ReadSession]:
        """Statements that need not agree with each other: each is its own transaction, and one round trip of three."""
        async with self._lent(self._readers) as session:
            yield session

    async def ping(self) -> None:
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def require_schema(self) -> None:
        """Raise where the database does not answer, or was not migrated to what this release needs."""
        async with self.transaction() as session:
            found = await session.scalar(text("SELECT version_num FROM alembic_version"))
        if found is None or found < REVISION:
            raise Unavailable("The database is not migrated")

    async def close(self) -> None:
        await self.engine.dispose()


def after_commit(session: Session, act: Callable[[], None]) -> None:
    """Do it when the session's transaction is committed; where it is rolled back it is not done."""
    event.listen(session.sync_session, "after_commit", lambda _: act(), once=True)


def _ping_rested(engine: AsyncEngine) -> None:
    """Try a connection that has rested before it is lent: the server may have killed it (SQLAlchemy issue 13241).

    `pool_pre_ping` tries it each time, with three round trips: half of all that a short transaction takes.
    """

    @event.listens_for(engine.sync_engine, "checkin")
    def note(_connection: Any, record: Any) -> None:
        record.info["rests_since"] = time.monotonic()

    @event.listens_for(engine.sync_engine, "checkout")
    def try_it(connection: Any, record: Any, _fairy: Any) -> None:
        if time.monotonic() - record.info.get("rests_since", time.monotonic()) < RESTED_SECONDS:
            return
        try:
            connection.ping()
        except engine.dialect.loaded_dbapi.Error as error:
            raise DisconnectionError from error  # the pool takes the next one


def _is_away(error: DBAPIError) -> bool:
    return str(getattr(error.orig, "sqlstate", None) or "").startswith((*AWAY, *REFUSES))
