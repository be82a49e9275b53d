"""One of each, put together: the composition root of both services."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from backplane.addresses import Guard
from backplane.blobs import S3Blobs
from backplane.bus import RedisBus
from backplane.db.session import Database
from backplane.queue import CeleryQueue
from backplane.services.attempts.claims import Claims
from backplane.services.backups.restores import Migrations, Restores
from backplane.services.backups.snapshots import Backups
from backplane.services.batches.intake import BatchIntake
from backplane.services.batches.progress import BatchFeed
from backplane.services.batches.results import BatchResults
from backplane.services.batches.steering import BatchSteering
from backplane.services.batches.views import Batches
from backplane.services.entropy.pools import EntropyPools
from backplane.services.entropy.receipts import Receipts
from backplane.services.identity.accounts import Accounts
from backplane.services.identity.login_sessions import Sessions
from backplane.services.identity.tickets import Tickets
from backplane.services.identity.tokens import AccessTokens, Tokens
from backplane.services.jobs.dead_letters import DeadLetters
from backplane.services.jobs.estimates import Estimates
from backplane.services.jobs.progress import ProgressFeed
from backplane.services.jobs.steering import Steering
from backplane.services.jobs.submissions import Submissions
from backplane.services.jobs.views import Jobs
from backplane.services.keys.exports import Keys
from backplane.services.pictures.analyses import Analyses
from backplane.services.pictures.decryptions import Decryptions
from backplane.services.pictures.encryptions import Encryptions
from backplane.services.pictures.measurements import Measurements
from backplane.services.pictures.results import Results
from backplane.services.requests.idempotency import Idempotency
from backplane.services.sealing.derivations import Derivations
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.services.upkeep.outbox import Relay
from backplane.services.upkeep.sweeper import Sweeper
from backplane.services.webhooks.deliveries import Deliveries
from backplane.services.webhooks.endpoints import Webhooks
from backplane.services.webhooks.logs import WebhookLogs
from backplane.services.webhooks.targets import WebhookTargets
from backplane.settings import Settings
from backplane.vault import LocalVault
from shield_core.keys.passphrase import Pbkdf2, WorkLimit

REQUEST_SECONDS = 10
"""No statement of a request takes as long, unless it waits for a lock or the database stands still."""


@dataclass(frozen=True, slots=True)
class Resources:
    """The machinery that knows no subject."""

    settings: Settings
    database: Database
    store: S3Blobs
    bus: RedisBus
    vault: LocalVault


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """What the gateway's routes call."""

    resources: Resources
    probe: Database
    """A connection beside the pool: whether the database answers is another question than whether the pool is empty."""
    accounts: Accounts
    tokens: Tokens
    sessions: Sessions
    tickets: Tickets
    idempotency: Idempotency
    webhooks: Webhooks
    webhook_logs: WebhookLogs
    encryptions: Encryptions
    decryptions: Decryptions
    measurements: Measurements
    analyses: Analyses
    jobs: Jobs
    steering: Steering
    dead_letters: DeadLetters
    progress: ProgressFeed
    batches: Batches
    batch_intake: BatchIntake
    batch_steering: BatchSteering
    batch_progress: BatchFeed
    batch_results: BatchResults
    results: Results
    keys: Keys
    entropy: EntropyPools
    receipts: Receipts


@asynccontextmanager
async def open_resources(
    settings: Settings, *, pool_size: int | None = None, command_seconds: float | None = None
) -> AsyncIterator[Resources]:
    """Connect to everything; must run on the event loop, and in the process, that will use it."""
    async with AsyncExitStack() as stack:
        database = Database.from_settings(settings, pool_size=pool_size, command_seconds=command_seconds)
        stack.push_async_callback(database.close)
        store = S3Blobs.from_settings(settings)
        stack.push_async_callback(store.close)
        bus = RedisBus.from_settings(settings)
        stack.push_async_callback(bus.close)
        yield Resources(settings, database, store, bus, LocalVault.from_settings(settings))


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[GatewayServices]:
    derivations = Derivations()
    passphrases = PassphrasePool(fips=settings.passphrase_kdf == Pbkdf2.NAME)
    async with open_resources(settings, command_seconds=REQUEST_SECONDS) as resources:
        sessions = Sessions(resources.database, resources.bus)
        guard = Guard(settings.webhook_allow_networks)
        targets = WebhookTargets(resources.database, resources.vault, guard)
        submissions = Submissions(
            resources.database,
            resources.store,
            resources.vault,
            targets,
            Estimates(resources.database, resources.bus, max_pending=settings.max_pending_jobs),
            retention_days=settings.job_retention_days or None,
        )
        encryptions = Encryptions(submissions, passphrases)
        jobs, keys = Jobs(resources.database, resources.vault), Keys(resources.database, resources.vault, passphrases)
        steering = Steering(resources.database, resources.bus, resources.vault)
        progress = ProgressFeed(resources.database, resources.bus)
        results = Results(resources.database, resources.store, resources.vault)
        batches = Batches(resources.database, resources.vault)
        probe = Database.from_settings(settings, pool_size=1, command_seconds=REQUEST_SECONDS)
        try:
            yield GatewayServices(
                resources=resources,
                probe=probe,
                accounts=Accounts(resources.database, resources.vault, passphrases),
                tokens=Tokens(
                    resources.database,
                    AccessTokens.from_settings(settings),
                    sessions,
                    refresh_seconds=settings.refresh_token_seconds,
                ),
                sessions=sessions,
                tickets=Tickets(resources.bus),
                idempotency=Idempotency(resources.database, resources.vault),
                webhooks=Webhooks(resources.database, resources.vault, guard),
                webhook_logs=WebhookLogs(resources.database),
                encryptions=encryptions,
                decryptions=Decryptions(resources.database, submissions, derivations, _foreign_limit(settings)),
                measurements=Measurements(submissions),
                analyses=Analyses(resources.database, resources.store, resources.vault),
                jobs=jobs,
                steering=steering,
                dead_letters=DeadLetters(resources.database, resources.bus, resources.vault),
                progress=progress,
                batches=batches,
                batch_intake=BatchIntake(resources.database, resources.vault, submissions, encryptions),
                batch_steering=BatchSteering(resources.database, steering, batches),
                batch_progress=BatchFeed(batches, progress),
                batch_results=BatchResults(batches, jobs, results, keys),
                results=results,
                keys=keys,
                entropy=EntropyPools(resources.bus),
                receipts=Receipts(resources.vault),
            )
        finally:
            passphrases.close()
            await derivations.close()
            await probe.close()


def _foreign_limit(settings: Settings) -> WorkLimit:
    return WorkLimit(
        m_kib=settings.foreign_kdf_memory_kib,
        cost_kib=settings.foreign_kdf_cost_kib,
        iterations=settings.foreign_kdf_iterations,
    )


@asynccontextmanager
async def open_claims(settings: Settings) -> AsyncIterator[Claims]:
    """What one worker process needs: a claim, a heartbeat and an event, seldom side by side."""
    async with open_resources(settings, pool_size=3) as resources:
        yield Claims(
            resources.database,
            resources.store,
            resources.bus,
            resources.vault,
            result_seconds=settings.decrypted_result_seconds,
        )


@asynccontextmanager
async def open_relay(settings: Settings) -> AsyncIterator[tuple[Relay, Sweeper]]:
    queue = CeleryQueue.from_settings(settings)
    async with open_resources(settings, pool_size=3) as resources:
        try:
            yield (
                Relay(resources.database, queue),
                Sweeper(resources.database, resources.store, resources.bus, resources.vault),
            )
        finally:
            queue.close()


@asynccontextmanager
async def open_dead_letters(settings: Settings) -> AsyncIterator[DeadLetters]:
    """What an operator at the machine needs of them; no account is asked for."""
    async with open_resources(settings, pool_size=1) as resources:
        yield DeadLetters(resources.database, resources.bus, resources.vault)


@asynccontextmanager
async def open_backups(settings: Settings) -> AsyncIterator[Backups]:
    """A backup holds deletions on one connection and reads on another; neither Redis nor the vault has a part in it."""
    async with _open_keeping(settings) as (database, store):
        yield Backups(database, store)


@asynccontextmanager
async def open_restores(settings: Settings, migrations: Migrations) -> AsyncIterator[Restores]:
    async with _open_keeping(settings) as (database, store):
        yield Restores(database, store, LocalVault.from_settings(settings), migrations)


@asynccontextmanager
async def _open_keeping(settings: Settings) -> AsyncIterator[tuple[Database, S3Blobs]]:
    async with AsyncExitStack() as stack:
        # A backup's transactions hold their moment for as long as the objects take.
        database = Database.from_settings(settings, pool_size=2, idle_seconds=0)
        stack.push_async_callback(database.close)
        store = S3Blobs.from_settings(settings)
        stack.push_async_callback(store.close)
        yield database, store


@asynccontextmanager
async def open_deliveries(settings: Settings) -> AsyncIterator[Deliveries]:
    """What sends webhooks; with connections of its own, so that slow receivers never keep the outbox waiting."""
    database = Database.from_settings(settings, pool_size=3)
    try:
        yield Deliveries(database, LocalVault.from_settings(settings), log_days=settings.webhook_log_days)
    finally:
        await database.close()
