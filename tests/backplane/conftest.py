"""The machinery of a process on the real servers, an account, and jobs that have not begun."""

from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import pytest
from sqlalchemy import text

from backplane import ids
from backplane.db.models import Blob, Job
from backplane.db.repositories import blobs, jobs
from backplane.kinds import KINDS
from backplane.services.attempts.claims import Claim, Claims
from backplane.services.audit import trail
from backplane.services.audit.published import NEWEST
from backplane.services.identity.accounts import AccountFacts, Accounts
from backplane.services.identity.registrations import Registrations
from backplane.services.jobs.endings import Endings
from backplane.services.mail.outgoing import Mails
from backplane.services.requests.caller import Caller
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.services.upkeep.sweeper import Sweeper
from backplane.services.usage.notices import LimitNotices
from backplane.services.usage.quotas import Quotas
from backplane.services.usage.tiers import Tiers
from backplane.settings import Settings
from backplane.wiring.audit import AuditServices, Sealing
from backplane.wiring.endings import EndServices
from backplane.wiring.identity import IdentityServices
from backplane.wiring.relay import wire_sweeper
from backplane.wiring.resources import Resources, open_resources
from backplane.wiring.worker import wire_claims
from tests.support.accounts import add_account

Submit = Callable[..., Awaitable[UUID]]
Sql = Callable[..., Awaitable[list[dict]]]


@pytest.fixture
async def resources(settings: Settings) -> AsyncIterator[Resources]:
    async with open_resources(settings) as opened:
        yield opened


@pytest.fixture
def passphrases():
    pool = PassphrasePool()
    yield pool
    pool.close()


@pytest.fixture
async def account(resources: Resources) -> AccountFacts:
    return await add_account(resources, "ada@example.org", operator=True)


@pytest.fixture
def caller(account: AccountFacts) -> Caller:
    return Caller(account.id, request_id="req_1")


@pytest.fixture
def mails(resources: Resources) -> Mails:
    return Mails(resources.vault, public_url="https://images.example", support="help@images.example", enabled=True)


@pytest.fixture
async def identity(resources: Resources, passphrases: PassphrasePool, mails: Mails) -> AsyncIterator[IdentityServices]:
    """Wire the subject. Its messages about revocations are sent before the connections close."""
    services = IdentityServices.wire(resources, passphrases, mails)
    async with services.revocations.watched():
        yield services


@pytest.fixture
def accounts(identity: IdentityServices) -> Accounts:
    return identity.accounts


@pytest.fixture
def registrations(identity: IdentityServices) -> Registrations:
    return identity.registrations


@pytest.fixture
def endings(resources: Resources) -> Endings:
    return EndServices.wire(resources).jobs


@pytest.fixture
def quotas(resources: Resources, settings: Settings, mails: Mails) -> Quotas:
    return Quotas(resources.database, Tiers.from_settings(settings), LimitNotices(mails))


@pytest.fixture
def claims(resources: Resources) -> Claims:
    return wire_claims(resources)


@pytest.fixture
def submit(resources: Resources, account: AccountFacts) -> Submit:
    """Write a pending job whose input is an encrypted picture of a few bytes in the store."""

    async def write(kind: str = "decrypt", body: bytes = b"ciphertext") -> UUID:
        job = Job(id=ids.new(), account_id=account.id, kind=kind, priority=KINDS[kind].priority, estimated_ms=1)
        blob = Blob(
            id=ids.new(),
            job_id=job.id,
            purpose="input",
            object_key=f"uploads/{job.id.hex}",
            size=len(body),
            media_type="image/png",
        )
        await resources.store.put(blob.object_key, body, media_type="image/png")
        async with resources.database.transaction() as session:
            await jobs.add(session, job)
            await blobs.add_all(session, [blob])
        return job.id

    return write


@pytest.fixture
def begin(claims: Claims, submit: Submit) -> Callable[..., Awaitable[Claim]]:
    """Write a job and claim it, with nothing else in the queue."""

    async def claimed(kind: str = "decrypt", body: bytes = b"ciphertext") -> Claim:
        job_id = await submit(kind, body)
        claim = await claims.claim()
        assert claim is not None
        assert claim.job.id == job_id
        return claim

    return claimed


@pytest.fixture
def sweeper(resources: Resources) -> Sweeper:
    return wire_sweeper(resources)


@pytest.fixture
def lose_lease(sql: Sql, sweeper: Sweeper) -> Callable[[Claim], Awaitable[None]]:
    """Be silent for so long that the sweeper takes the job away."""

    async def lose(claim: Claim) -> None:
        await sql("UPDATE jobs SET lease_until = now() - interval '1 second' WHERE id = :id", id=claim.job.id)
        await sweeper.recover_jobs()

    return lose


@pytest.fixture
def sql(resources: Resources) -> Sql:
    """Run a statement and return its rows."""

    async def execute(statement: str, **values: object) -> list[dict]:
        async with resources.database.transaction() as session:
            result = await session.execute(text(statement), values)
            return [dict(row) for row in result.mappings()] if result.returns_rows else []

    return execute


@pytest.fixture
async def sealing(resources):
    await resources.store.delete(NEWEST)
    yield Sealing.wire(resources)
    await resources.store.delete(NEWEST)  # the bucket is shared, and other databases do not know it


@pytest.fixture
def audit(resources):
    return AuditServices.wire(resources)


@pytest.fixture
def ada(account):
    """A caller with an address."""
    return Caller(account.id, user_id=account.id, role="owner", request_id="req_1", address="192.0.2.17")


@pytest.fixture
def act(resources, ada):
    async def record(action="job.delete", *, by=ada, times=1, **more):
        async with resources.database.transaction() as session:
            for _ in range(times):
                trail.record(session, by, action, ids.new(), **more)

    return record


@pytest.fixture
def superuser(resources):
    """Run a statement past the triggers, as who controls the database server can."""

    async def run(statement, **values):
        async with resources.database.transaction() as session:
            await session.execute(text("SET LOCAL session_replication_role = replica"))
            await session.execute(text(statement), values)

    return run
