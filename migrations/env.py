"""Run the migrations over asyncpg, or write them as SQL (`--sql`) for review."""

import asyncio
import os

from alembic import context
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from backplane.db import models  # noqa: F401  registers the tables
from backplane.db.base import Base
from backplane.db.roles import GRANTS
from backplane.settings import asyncpg_url

LOCK = 0x71734954
"""An advisory lock: two migrations that start at once run one after the other."""

TIMEOUTS = ("SET lock_timeout = '5s'", "SET statement_timeout = '10min'")
"""A migration that would wait behind a long transaction gives up, because every request would wait behind it."""


def run(connection: Connection) -> None:
    connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    for statement in TIMEOUTS:
        connection.execute(text(statement))
    connection.commit()
    context.configure(connection=connection, target_metadata=Base.metadata, transaction_per_migration=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.execute(text(GRANTS))
    connection.commit()


async def run_online() -> None:
    engine = create_async_engine(asyncpg_url(os.environ["DATABASE_URL"]), poolclass=NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        for statement in TIMEOUTS:
            context.execute(statement)
        context.run_migrations()
else:
    asyncio.run(run_online())
