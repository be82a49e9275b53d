"""Database check: the server accepts the credentials, the schema is current, and the clocks agree."""

import asyncio
from datetime import UTC, datetime

import asyncpg

from backplane.db import roles
from imageshield.checks.situation import Fault, Situation, place
from imageshield.servers.system import ROOT

NAME = "DATABASE_URL"
SECONDS = 5
SKEW_SECONDS = 5
ROLE_REMEDY = "use a role of its own: docs/guides/deployment.md, Two database roles"
MIGRATE = "python -m alembic -c migrations/alembic.ini upgrade head"


def check_database(situation: Situation) -> list[Fault]:
    if not situation.can_ask(NAME):
        return []
    url = situation.environment[NAME].replace("+asyncpg", "", 1)
    try:
        return asyncio.run(_ask(url))
    except (asyncpg.InvalidAuthorizationSpecificationError, asyncpg.InvalidPasswordError):
        return [Fault(NAME, f"{place(url)} refuses this user or password", "correct the user and password in it")]
    except asyncpg.InvalidCatalogNameError:
        return [Fault(NAME, f"{place(url)} has no database of this name", "create the database, or correct its name")]
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        # Only the kind of error: messages quote addresses, and addresses can hold credentials.
        problem = f"{place(url)} does not answer as PostgreSQL ({type(error).__name__})"
        return [Fault(NAME, problem, "start the server, let this machine reach it, or correct the address")]


async def _ask(url: str) -> list[Fault]:
    connection = await asyncpg.connect(url, timeout=SECONDS, command_timeout=SECONDS)
    try:
        skew = abs((await connection.fetchval("SELECT clock_timestamp()") - datetime.now(UTC)).total_seconds())
        found = _judge_migration(await _revision(connection)) + _judge_clock(skew)
        return found or _judge_role(await roles.fault_of(connection))
    finally:
        await connection.close(timeout=SECONDS)


async def _revision(connection: asyncpg.Connection) -> str | None:
    try:
        return await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return None


def _judge_migration(found: str | None) -> list[Fault]:
    known, head = known_migrations()
    if found == head:
        return []
    if found is None:
        return [Fault(NAME, "the database has no tables yet", f"run {MIGRATE}")]
    if found in known:
        return [Fault(NAME, f"the database is at migration {found}, this version needs {head}", f"run {MIGRATE}")]
    remedy = "start the version that made it, or a later one"
    return [Fault(NAME, f"the database is at migration {found}, which this version does not know", remedy)]


def known_migrations() -> tuple[set[str], str | None]:
    """Return the migrations of this version, and the latest of them."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(Config(str(ROOT / "migrations/alembic.ini")))
    return {script.revision for script in scripts.walk_revisions()}, scripts.get_current_head()


def _judge_role(fault: str | None) -> list[Fault]:
    if fault is None:
        return []
    problem = f"its user {fault}, so the service could change the audit trail"
    return [Fault(NAME, problem, ROLE_REMEDY)]


def _judge_clock(skew: float) -> list[Fault]:
    if skew <= SKEW_SECONDS:
        return []
    problem = f"this machine's clock and the database's are {skew:.0f} s apart"
    return [Fault("clock", problem, "set both by NTP: tokens and signed addresses expire by the clock")]
