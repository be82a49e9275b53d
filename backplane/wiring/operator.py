"""Wiring for the operator at the machine: dead letters, mails, operators, pools, backups and restores."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

from backplane.blobs import S3Blobs
from backplane.db.session import Database
from backplane.services.audit.published import PublishedCheckpoints
from backplane.services.audit.restores import AuditRestores
from backplane.services.backups.restores import Migrations, Restores
from backplane.services.backups.snapshots import Backups
from backplane.services.entropy.pools import EntropyPools
from backplane.services.identity.operator_codes import OperatorCodes
from backplane.services.identity.operators import Operators
from backplane.services.jobs.dead_letters import DeadLetters
from backplane.services.jobs.steering import Steering
from backplane.services.mail.deliveries import DeadMail, dead_mails
from backplane.services.mail.outgoing import Mails
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.services.usage.notices import LimitNotices
from backplane.services.usage.quotas import Quotas
from backplane.services.usage.tiers import Tiers
from backplane.settings import Settings
from backplane.vault import LocalVault
from backplane.wiring.audit import AuditServices
from backplane.wiring.endings import EndServices
from backplane.wiring.identity import IdentityServices
from backplane.wiring.resources import open_resources
from shield_core.keys.passphrase import Pbkdf2


@asynccontextmanager
async def open_dead_letters(settings: Settings) -> AsyncIterator[DeadLetters]:
    async with open_resources(settings, pool_size=1) as resources:
        endings = EndServices.wire(resources).jobs
        notices = LimitNotices(Mails.from_settings(settings, resources.vault))
        quotas = Quotas(resources.database, Tiers.from_settings(settings), notices)
        steering = Steering(resources.database, resources.vault, endings, quotas)
        yield DeadLetters(resources.database, steering, endings)


@asynccontextmanager
async def open_operators(settings: Settings) -> AsyncIterator[Operators]:
    passphrases = PassphrasePool(fips=settings.passphrase_kdf == Pbkdf2.NAME)
    try:
        async with open_resources(settings, pool_size=1) as resources:
            mails = Mails.from_settings(settings, resources.vault)
            yield IdentityServices.wire(resources, passphrases, mails).operators
    finally:
        passphrases.close()


async def issue_operator_code(settings: Settings) -> str | None:
    """Make the code of the first operator; None if there is an operator."""
    database = Database.from_settings(settings, pool_size=1)
    try:
        return await OperatorCodes(database, LocalVault.from_settings(settings)).issue()
    finally:
        await database.close()


@asynccontextmanager
async def open_dead_mails(settings: Settings) -> AsyncIterator[Callable[..., Awaitable[list[DeadMail]]]]:
    database = Database.from_settings(settings, pool_size=1)
    try:
        yield partial(dead_mails, database)
    finally:
        await database.close()


@asynccontextmanager
async def open_pools(settings: Settings) -> AsyncIterator[EntropyPools]:
    async with open_resources(settings, pool_size=1) as resources:
        yield EntropyPools(resources.bus)


@asynccontextmanager
async def open_backups(settings: Settings) -> AsyncIterator[Backups]:
    """Connect a backup: it holds deletions on one connection, reads on another, and needs no Redis and no vault."""
    async with _open_database_and_store(settings) as (database, store):
        yield Backups(database, store)


@asynccontextmanager
async def open_restores(settings: Settings, migrations: Migrations) -> AsyncIterator[Restores]:
    async with _open_database_and_store(settings) as (database, store):
        yield Restores(database, store, LocalVault.from_settings(settings), migrations)


@asynccontextmanager
async def open_audit(settings: Settings) -> AsyncIterator[AuditServices]:
    async with open_resources(settings, pool_size=1) as resources:
        yield AuditServices.wire(resources)


@asynccontextmanager
async def open_audit_restores(settings: Settings) -> AsyncIterator[AuditRestores]:
    async with _open_database_and_store(settings) as (database, store):
        yield AuditRestores(database, PublishedCheckpoints(store))


@asynccontextmanager
async def _open_database_and_store(settings: Settings) -> AsyncIterator[tuple[Database, S3Blobs]]:
    async with AsyncExitStack() as stack:
        # A backup's transactions stay open while the objects are copied.
        database = Database.from_settings(settings, pool_size=2, idle_seconds=0)
        stack.push_async_callback(database.close)
        store = S3Blobs.from_settings(settings)
        stack.push_async_callback(store.close)
        yield database, store
