"""Rotation of the pepper of API keys, by an operator at the machine."""

import asyncio
from dataclasses import dataclass

from backplane.db.repositories import api_keys
from backplane.db.session import Database
from backplane.services.audit import trail
from backplane.services.identity.api_key_peppers import ApiKeyPeppers
from backplane.services.requests.caller import Caller


@dataclass(frozen=True, slots=True)
class PepperRotation:
    version: int
    older_keys: int
    """Valid keys that are stored under older peppers still, because they have not been used since."""


class ApiKeyPepperRotation:
    def __init__(self, database: Database, peppers: ApiKeyPeppers) -> None:
        self._database = database
        self._peppers = peppers

    async def rotate(self, caller: Caller) -> PepperRotation:
        """Make a new pepper; every key is hashed again under it when it is next used.

        Raises:
            Unavailable: there is no vault yet.
            DatabaseUnavailable: the rotation could not be recorded, and must be repeated.
        """
        await self._database.require_schema()  # no pepper without a place for its entry
        async with self._database.transaction() as session:
            version = await asyncio.to_thread(self._peppers.rotate)
            older = await api_keys.count_hashed_before(session, version)
            trail.record(session, caller, "api_key_pepper.rotated", details={"version": version})
        return PepperRotation(version, older)
