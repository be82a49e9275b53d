"""Wiring of rotations of keys: they need the vault and the database. The images of gateway and worker have it too."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from backplane.db.session import Database
from backplane.errors import ApplicationError
from backplane.services.identity.api_key_pepper_rotation import ApiKeyPepperRotation
from backplane.services.identity.api_key_peppers import ApiKeyPeppers
from backplane.services.identity.signing_key_rotation import SigningKeyRotation
from backplane.services.identity.signing_keys import SigningKeys
from backplane.services.upkeep.key_rotations import KeyRotations
from backplane.settings import Settings
from backplane.vault import LocalVault

T = TypeVar("T")


def run_to_end(rotating: Coroutine[Any, Any, T]) -> T:
    """Run a rotation for a module that an operator starts; if it is refused, end the process and say why."""
    try:
        return asyncio.run(rotating)
    except ApplicationError as error:
        raise SystemExit(f"{error.detail or error.title}: start the rotation again") from None


@asynccontextmanager
async def open_key_rotations(settings: Settings) -> AsyncIterator[KeyRotations]:
    async with _open_database(settings) as database:
        yield KeyRotations(database, LocalVault.from_settings(settings))


@asynccontextmanager
async def open_signing_keys(settings: Settings) -> AsyncIterator[SigningKeyRotation]:
    async with _open_database(settings) as database:
        keys = SigningKeys.from_settings(settings, LocalVault.from_settings(settings))
        yield SigningKeyRotation(database, keys)


@asynccontextmanager
async def open_api_key_pepper(settings: Settings) -> AsyncIterator[ApiKeyPepperRotation]:
    async with _open_database(settings) as database:
        yield ApiKeyPepperRotation(database, ApiKeyPeppers(LocalVault.from_settings(settings)))


@asynccontextmanager
async def _open_database(settings: Settings) -> AsyncIterator[Database]:
    database = Database.from_settings(settings, pool_size=1)
    try:
        yield database
    finally:
        await database.close()
