"""Wiring of a worker: the claims of jobs, and the archives of exports."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from backplane.services.attempts.claims import Claims
from backplane.services.exports.archives import Archives
from backplane.settings import Settings
from backplane.wiring.endings import EndServices
from backplane.wiring.exports import wire_archives
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
async def open_worker(settings: Settings) -> AsyncIterator[tuple[Claims, Archives]]:
    """Connect one worker process; it needs few connections, because claims, heartbeats and events rarely overlap."""
    async with open_resources(settings, pool_size=3) as resources:
        yield wire_claims(resources), wire_archives(resources)


@asynccontextmanager
async def open_claims(settings: Settings) -> AsyncIterator[Claims]:
    """Connect the claims alone."""
    async with open_worker(settings) as (claims, _):
        yield claims
