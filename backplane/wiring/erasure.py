"""Wiring of erasures: their schedule in the gateway, and their runs in the relay."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from backplane.services.erasure.keys import KeyDestruction
from backplane.services.erasure.letters import Letters
from backplane.services.erasure.removal import Removal
from backplane.services.erasure.runs import ErasureRuns, Steps
from backplane.services.erasure.schedule import Erasures
from backplane.services.erasure.successions import Successions
from backplane.services.identity.revocations import Revocations
from backplane.services.mail.outgoing import Mails
from backplane.settings import Settings
from backplane.wiring.resources import Resources, open_resources


@dataclass(frozen=True, slots=True)
class ErasureServices:
    schedule: Erasures

    @classmethod
    def wire(cls, resources: Resources, revocations: Revocations, mails: Mails) -> Self:
        kept = kept_in_backups(resources.settings)
        return cls(Erasures(resources.database, revocations, Letters(mails), kept=kept))


def kept_in_backups(settings: Settings) -> timedelta | None:
    """Return how long a backup can bring back what was erased: as long as it or a copy of the vault is kept."""
    days = (settings.backup_retention_days, settings.vault_copy_retention_days)
    known = [one for one in days if one is not None]
    return timedelta(days=max(known)) if len(known) == len(days) else None


def wire_erasure_runs(resources: Resources) -> ErasureRuns:
    database, kept = resources.database, kept_in_backups(resources.settings)
    revocations = Revocations(database, resources.bus)
    return ErasureRuns(
        database,
        Steps(
            Successions(revocations, kept=kept),
            KeyDestruction(database, resources.vault, resources.bus),
            Removal(database, resources.store),
        ),
        revocations,
        Letters(Mails.from_settings(resources.settings, resources.vault)),
        kept=kept,
    )


@asynccontextmanager
async def open_erasures(settings: Settings) -> AsyncIterator[Erasures]:
    """Connect for an operator at the machine."""
    async with open_resources(settings, pool_size=2) as resources:
        revocations = Revocations(resources.database, resources.bus)
        mails = Mails.from_settings(settings, resources.vault)
        yield ErasureServices.wire(resources, revocations, mails).schedule
        await revocations.sent()
