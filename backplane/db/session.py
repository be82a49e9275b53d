"""The only place that commits."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from backplane.errors import Overloaded, Unavailable
from backplane.settings import Settings

AWAY = ("08", "53", "57P")
"""SQLSTATE classes of PostgreSQL's appendix A: connection, resources, and an operator who stops or starts it."""

POOL_WAIT_SECONDS = 2
"""Longer than any healthy transaction; after it the caller is told to come back rather than left hanging."""


class Database:
    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, expire_on_commit=False)

    @classmethod
    def from_settings(cls, settings: Settings, *, pool_size: int | None = None) -> Self:
        return cls(
            create_async_engine(
                settings.database_url.get_secret_value(),
                pool_size=pool_size or settings.database_pool_size,
                max_overflow=0,
                pool_timeout=POOL_WAIT_SECONDS,
                # A connection that the server has killed can come back from asyncpg's pool: SQLAlchemy issue 13241.
                pool_pre_ping=True,
                pool_recycle=1800,
                # An error must not quote what it was about to write.
                hide_parameters=True,
                connect_args={"timeout": 5, "server_settings": {"application_name": "imageshield"}},
            )
        )

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """One unit of work: committed where the block ends, rolled back where it raises."""
        try:
            async with self._sessions() as session:
                yield session
                await session.commit()
        except PoolTimeoutError as error:
            raise Overloaded from error
        except (OperationalError, InterfaceError, OSError, asyncpg.PostgresError) as error:
            # asyncpg's own errors come unwrapped only from the making of a connection.
            raise Unavailable("The database does not answer") from error
        except DBAPIError as error:
            if error.connection_invalidated or _is_away(error):
                raise Unavailable("The database connection was lost") from error
            raise

    async def ping(self) -> None:
        async with self.transaction() as session:
            await session.execute(text("SELECT 1"))

    async def close(self) -> None:
        await self.engine.dispose()


def _is_away(error: DBAPIError) -> bool:
    return str(getattr(error.orig, "sqlstate", None) or "").startswith(AWAY)
