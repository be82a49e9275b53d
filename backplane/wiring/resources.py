"""The connections of a process, independent of any subject."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from backplane.blobs import S3Blobs
from backplane.bus import RedisBus
from backplane.db.session import Database
from backplane.services.audit.persons import PersonStage
from backplane.settings import Settings
from backplane.vault import LocalVault


@dataclass(frozen=True, slots=True)
class Resources:
    """Database, object store, Redis and vault, as the settings name them."""

    settings: Settings
    database: Database
    store: S3Blobs
    bus: RedisBus
    vault: LocalVault


@asynccontextmanager
async def open_resources(
    settings: Settings, *, pool_size: int | None = None, command_seconds: float | None = None
) -> AsyncIterator[Resources]:
    """Connect to everything; must run on the event loop, and in the process, that will use it."""
    async with AsyncExitStack() as stack:
        vault = LocalVault.from_settings(settings)
        info = PersonStage.info(vault)
        database = Database.from_settings(settings, pool_size=pool_size, command_seconds=command_seconds, info=info)
        stack.push_async_callback(database.close)
        store = S3Blobs.from_settings(settings)
        stack.push_async_callback(store.close)
        bus = RedisBus.from_settings(settings)
        stack.push_async_callback(bus.close)
        yield Resources(settings, database, store, bus, vault)
