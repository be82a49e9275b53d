"""Wiring of the gateway: every subject that its routes may ask for."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backplane.db.session import Database
from backplane.default_secrets import is_published_key
from backplane.services.keys.exports import Keys
from backplane.services.requests.idempotency import Idempotency
from backplane.services.requests.response_keys import ResponseKeys
from backplane.services.sealing.derivations import Derivations
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.settings import Settings
from backplane.wiring.administration import AdministrationServices
from backplane.wiring.audit import AuditServices
from backplane.wiring.batches import BatchServices
from backplane.wiring.endings import EndServices
from backplane.wiring.entropy import EntropyServices
from backplane.wiring.erasure import ErasureServices
from backplane.wiring.exports import ExportServices
from backplane.wiring.identity import IdentityServices
from backplane.wiring.jobs import JobServices
from backplane.wiring.mail import MailServices
from backplane.wiring.organizations import OrganizationServices
from backplane.wiring.pictures import PictureServices
from backplane.wiring.resources import Resources, open_resources
from backplane.wiring.security import SecurityServices
from backplane.wiring.usage import UsageServices
from backplane.wiring.webhooks import WebhookServices
from shield_core.keys.passphrase import Pbkdf2

REQUEST_SECONDS = 10
"""The longest time for a statement of a request: it takes as long only if it waits for a lock or the database hangs."""


@dataclass(frozen=True, slots=True)
class GatewayServices:
    """A subject in each field. A route asks for the subject by its type (`api.dependencies.subject`)."""

    resources: Resources
    probe: Database
    """A separate connection: whether the database answers does not depend on whether the pool is exhausted."""
    idempotency: Idempotency
    identity: IdentityServices
    mail: MailServices
    organizations: OrganizationServices
    erasure: ErasureServices
    exports: ExportServices
    usage: UsageServices
    webhooks: WebhookServices
    jobs: JobServices
    pictures: PictureServices
    keys: Keys
    batches: BatchServices
    entropy: EntropyServices
    response_keys: ResponseKeys
    audit: AuditServices
    security: SecurityServices
    administration: AdministrationServices


@asynccontextmanager
async def open_gateway(settings: Settings) -> AsyncIterator[GatewayServices]:
    """Connect to everything, and wire the subjects.

    Raises:
        ValueError: in production, the signing key is one that documents print.
    """
    file = settings.signing_key_file
    if settings.environment == "production" and file is not None and is_published_key(file.read_bytes()):
        raise ValueError("SIGNING_KEY_FILE holds the example of a document: scripts/make_keys.py makes a new key")
    derivations = Derivations()
    passphrases = PassphrasePool(fips=settings.passphrase_kdf == Pbkdf2.NAME)
    async with open_resources(settings, command_seconds=REQUEST_SECONDS) as resources:
        probe = Database.from_settings(settings, pool_size=1, command_seconds=REQUEST_SECONDS)
        services = _wire(resources, probe, passphrases, derivations)
        try:
            yield services
        finally:
            await services.usage.rates.close()
            passphrases.close()
            await derivations.close()
            await probe.close()


def _wire(
    resources: Resources, probe: Database, passphrases: PassphrasePool, derivations: Derivations
) -> GatewayServices:
    ends = EndServices.wire(resources)
    mail = MailServices.wire(resources)
    webhooks = WebhookServices.wire(resources)
    usage = UsageServices.wire(resources)
    jobs = JobServices.wire(resources, ends, webhooks.targets, usage.quotas)
    pictures = PictureServices.wire(resources, jobs.submissions, passphrases, derivations)
    keys = Keys(resources.database, resources.vault, passphrases)
    identity = IdentityServices.wire(resources, passphrases, mail.outgoing)
    return GatewayServices(
        resources=resources,
        probe=probe,
        idempotency=Idempotency(resources.database, resources.vault),
        identity=identity,
        mail=mail,
        organizations=OrganizationServices.wire(resources, identity.revocations, mail.outgoing, usage.tiers),
        erasure=ErasureServices.wire(resources, identity.revocations, mail.outgoing),
        exports=ExportServices.wire(resources, jobs.submissions),
        usage=usage,
        webhooks=webhooks,
        jobs=jobs,
        pictures=pictures,
        keys=keys,
        batches=BatchServices.wire(resources, ends.batches, jobs, pictures, keys),
        entropy=EntropyServices.wire(resources),
        response_keys=ResponseKeys(resources.vault),
        audit=AuditServices.wire(resources),
        security=SecurityServices.wire(resources),
        administration=AdministrationServices.wire(
            resources, identity.revocations, identity.sessions, mail.outgoing, usage.tiers
        ),
    )
