"""A worker: the claims of jobs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backplane.services.attempts.claims import Claims
from backplane.settings import Settings
from backplane.wiring.endings import EndServices
from backplane.wiring.resources import Resources, open_resources


def wire_claims(resources: Resources) -> Claims:
    return Claims(
        resources.database,
        resources.store,
        resources.vault,
        EndServices.wire(resources).jobs,
        result_seconds=resources.settings.decrypted_result_seconds,
    )


@asynccontextmanager
async def open_claims(settings: Settings) -> AsyncIterator[Claims]:
    """Connect one worker process: a claim, a heartbeat and an event are seldom written side by side."""
    async with open_resources(settings, pool_size=3) as resources:
        yield wire_claims(resources)
