"""Wiring of the relay: the outbox, the sweeper, and the senders of webhooks and mails."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from backplane.db.session import Database
from backplane.queue import CeleryQueue
from backplane.services.administration.revenue import Revenue
from backplane.services.audit.persons import PersonStage
from backplane.services.erasure.runs import ErasureRuns
from backplane.services.identity.api_key_reminders import ApiKeyReminders
from backplane.services.mail.deliveries import MailDeliveries
from backplane.services.mail.outgoing import Mails
from backplane.services.security.watch import SecurityWatch
from backplane.services.upkeep.outbox import OutboxRelay
from backplane.services.upkeep.sweeper import Sweeper
from backplane.services.usage.tiers import Tiers
from backplane.services.webhooks.deliveries import Deliveries
from backplane.settings import Settings
from backplane.vault import LocalVault
from backplane.wiring.audit import Sealing
from backplane.wiring.endings import EndServices
from backplane.wiring.erasure import wire_erasure_runs
from backplane.wiring.resources import Resources, open_resources
from backplane.wiring.security import wire_watch

LOCAL_SENDER = "ImageShield <imageshield@localhost>"
"""The sender of mails that are written to a directory."""


def wire_sweeper(resources: Resources) -> Sweeper:
    endings, days = EndServices.wire(resources).jobs, resources.settings.usage_days
    return Sweeper(resources.database, resources.store, resources.vault, endings, usage_days=days)


@dataclass(frozen=True, slots=True)
class RelayServices:
    outbox: OutboxRelay
    sweeper: Sweeper
    sealing: Sealing
    security: SecurityWatch
    revenue: Revenue
    reminders: ApiKeyReminders
    erasures: ErasureRuns


@asynccontextmanager
async def open_relay(settings: Settings) -> AsyncIterator[RelayServices]:
    queue = CeleryQueue.from_settings(settings)
    async with open_resources(settings, pool_size=5) as resources:
        try:
            yield RelayServices(
                outbox=OutboxRelay(resources.database, queue),
                sweeper=wire_sweeper(resources),
                sealing=Sealing.wire(resources),
                security=wire_watch(resources),
                revenue=Revenue(resources.database, Tiers.from_settings(settings)),
                reminders=ApiKeyReminders(resources.database, Mails.from_settings(settings, resources.vault)),
                erasures=wire_erasure_runs(resources),
            )
        finally:
            queue.close()


@asynccontextmanager
async def open_deliveries(settings: Settings) -> AsyncIterator[Deliveries]:
    """Connect the sender of webhooks separately, so that slow receivers never delay the outbox."""
    vault = LocalVault.from_settings(settings)
    database = Database.from_settings(settings, pool_size=3, info=PersonStage.info(vault))
    try:
        yield Deliveries(database, vault, log_days=settings.webhook_log_days)
    finally:
        await database.close()


@asynccontextmanager
async def open_mail_deliveries(settings: Settings) -> AsyncIterator[MailDeliveries]:
    """Connect the sender of mails separately, as that of webhooks."""
    database = Database.from_settings(settings, pool_size=2)
    try:
        sender = settings.mail_from or LOCAL_SENDER
        yield MailDeliveries(database, LocalVault.from_settings(settings), sender=sender)
    finally:
        await database.close()
