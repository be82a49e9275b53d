"""The application's database role: it does all the work, and cannot change the past."""

import asyncpg
import pytest

from backplane import ids
from backplane.db import roles
from backplane.services.audit import trail
from backplane.services.audit.published import NEWEST
from backplane.services.requests.caller import Caller
from backplane.wiring.audit import AuditServices, Sealing
from backplane.wiring.resources import open_resources
from shield_core.audit.verification import Outcome
from tests.support.accounts import add_account

pytestmark = [pytest.mark.stack, pytest.mark.anyio]


@pytest.fixture
async def application(stack, database_url, redis_url):
    async with open_resources(
        stack.settings(database_url=stack.as_application(database_url), redis_url=redis_url)
    ) as opened:
        await opened.store.delete(NEWEST)
        yield opened
        await opened.store.delete(NEWEST)


@pytest.fixture
async def sealed(application):
    """An account whose chain is under a checkpoint, made by the application's role alone."""
    account = await add_account(application, "ada@example.org")
    async with application.database.transaction() as session:
        trail.record(session, Caller(account.id, user_id=account.id, address="192.0.2.17"), "a.b", ids.new())
    sealing = Sealing.wire(application)
    await sealing.sealer.seal_all()
    await sealing.checkpoints.make()
    return account


@pytest.fixture
async def connection(stack, database_url):
    connected = await asyncpg.connect(stack.as_application(database_url), timeout=10)
    yield connected
    await connected.close()


async def test_seals_signs_and_verifies(application, sealed):
    verdict = await AuditServices.wire(application).verification.verify(Caller(sealed.id))
    assert (verdict.outcome, verdict.covered) == (Outcome.VERIFIED, 2)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET outcome = 'x'",
        "UPDATE audit_events SET payload = '{}'",
        "UPDATE audit_events SET account_id = NULL",
        "DELETE FROM audit_events",
        "TRUNCATE audit_events",
        "INSERT INTO audit_events (id, action, outcome, details, seq) VALUES (gen_random_uuid(), 'a', 'b', '{}', 9)",
        "ALTER TABLE audit_events DISABLE TRIGGER ALL",
        "DROP TRIGGER guard_rows ON audit_events",
        "CREATE OR REPLACE FUNCTION guard_audit_event() RETURNS trigger LANGUAGE sql AS 'SELECT 1'",
        "SET session_replication_role = replica",
        "UPDATE audit_checkpoints SET size = 1",
        "DELETE FROM audit_checkpoints",
        "DELETE FROM audit_proofs",
        "DROP TABLE audit_chains",
        "CREATE TABLE mine (a int)",
        "UPDATE alembic_version SET version_num = '0001'",
        "GRANT ALL ON audit_events TO PUBLIC",
    ],
)
async def test_cannot_change_the_past(statement, sealed, connection):
    if statement.startswith("GRANT"):
        await connection.execute(statement)  # PostgreSQL only warns, and grants nothing
        statement = "DELETE FROM audit_events"
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidFunctionDefinitionError)):
        await connection.execute(statement)


async def test_is_neither_owner_nor_superuser(connection, database_url):
    assert await roles.fault_of(connection) is None
    owner = await asyncpg.connect(database_url, timeout=10)
    try:
        assert await roles.fault_of(owner) == "is a superuser"
    finally:
        await owner.close()


async def test_new_password_is_set(stack, database_url, connection):
    """As `python -m backplane.db.roles` does for Compose: it may run at every start."""
    address = stack.as_application(database_url)
    password = address.split(":")[2].split("@")[0]
    await roles.make(database_url, password)
    again = await asyncpg.connect(address, timeout=10)
    await again.close()
