"""Notes on the use of API keys, written beside the requests: when a key was last used, and who was refused."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from uuid import UUID

import structlog

from backplane.db.repositories import api_keys
from backplane.db.session import Database
from backplane.errors import ApplicationError
from backplane.services.audit import trail
from backplane.services.requests.caller import Actor, Caller

WRITE_SECONDS = 2.0
EVERY = timedelta(minutes=1)

log = structlog.get_logger()


class ApiKeyUses:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[UUID, bytes] = {}
        self._refused: dict[UUID, Caller] = {}

    def note_use(self, key_id: UUID, newest_hash: bytes) -> None:
        """Note that a key was used; `newest_hash` replaces one under an older pepper."""
        self._used[key_id] = newest_hash

    def note_refusal(self, key_id: UUID, account_id: UUID, address: str | None) -> None:
        """Note that a key was sent from outside its networks: its owner may look for it, or for a thief."""
        self._refused[key_id] = Caller(account_id, Actor.API_KEY, api_key_id=key_id, address=address)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Write the notes while the block runs, and at its end."""
        task = asyncio.create_task(self._write_regularly())
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            with suppress(ApplicationError):
                await self.write()

    async def write(self) -> None:
        """Write what was noted.

        Raises:
            ApplicationError: the database does not answer; the notes are kept.
        """
        used, refused = self._used, self._refused
        if not used and not refused:
            return
        self._used, self._refused = {}, {}
        try:
            async with self._database.transaction() as session:
                if used:
                    await api_keys.note_use(session, used, every=EVERY)
                for key_id, caller in refused.items():
                    reason = {"reason": "network", "address": caller.address}
                    trail.record(session, caller, "api_key.refused", key_id, outcome=trail.FAILURE, details=reason)
        except ApplicationError:
            self._used, self._refused = used | self._used, refused | self._refused
            raise

    async def _write_regularly(self) -> None:
        while True:
            await asyncio.sleep(WRITE_SECONDS)
            try:
                await self.write()
            except ApplicationError:
                continue
            except Exception:
                log.exception("api_key_uses.lost")
