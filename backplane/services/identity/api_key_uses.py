"""Notes on the use of API keys, written beside the requests: when and where a key was used, and who was refused."""

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from backplane.db.repositories import api_keys
from backplane.db.session import Database
from backplane.errors import ApplicationError
from backplane.services.audit import trail
from backplane.services.requests.caller import Actor, Caller
from backplane.services.requests.networks import range_of
from backplane.write_behind import writing_behind

WRITE_SECONDS = 2.0
EVERY = timedelta(minutes=1)
SLEEP = timedelta(days=30)
"""A key that was not used for so long has an entry when it is used again."""

PLACES = 100_000
"""Networks of the day that are remembered."""

Place = tuple[UUID, str | None]
"""A key, and a network from which it was used."""


class ApiKeyUses:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[UUID, bytes] = {}
        self._refused: dict[UUID, Caller] = {}
        self._new_places: dict[Place, Caller] = {}
        self._places: set[Place] = set()
        self._day = date.min
        self._writing = asyncio.Lock()

    def note_use(self, key_id: UUID, newest_hash: bytes, *, account_id: UUID, address: str | None) -> None:
        """Note that a key was used; `newest_hash` replaces one under an older pepper."""
        self._used[key_id] = newest_hash
        self._note_place((key_id, range_of(address)), account_id, address)

    def note_refusal(self, key_id: UUID, account_id: UUID, address: str | None) -> None:
        """Note that a key was sent from outside its networks: its owner may look for it, or for a thief."""
        self._refused[key_id] = Caller(account_id, Actor.API_KEY, api_key_id=key_id, address=address)

    def _note_place(self, place: Place, account_id: UUID, address: str | None) -> None:
        """Note a network of a key, once a day."""
        today = datetime.now(UTC).date()
        if today != self._day or len(self._places) >= PLACES:
            self._day, self._places = today, set()
        if place not in self._places:
            self._places.add(place)
            self._new_places[place] = Caller(account_id, Actor.API_KEY, api_key_id=place[0], address=address)

    def watched(self) -> AbstractAsyncContextManager[None]:
        """Write the notes while the block runs, and at its end."""
        return writing_behind(self.write, seconds=WRITE_SECONDS, lost="api_key_uses.lost")

    async def write(self) -> None:
        """Write what was noted.

        Raises:
            ApplicationError: the database does not answer; the notes are kept.
        """
        async with self._writing:
            await self._write()

    async def _write(self) -> None:
        used, refused, places = self._used, self._refused, self._new_places
        if not used and not refused:
            return
        self._used, self._refused, self._new_places = {}, {}, {}
        try:
            async with self._database.transaction() as session:
                if used:
                    for key_id, account_id, days in await api_keys.asleep(session, used.keys(), since=SLEEP):
                        owner = Caller(account_id, Actor.API_KEY, api_key_id=key_id)
                        trail.record(session, owner, "api_key.woken", key_id, details={"days": days})
                    await api_keys.note_use(session, used, every=EVERY)
                for (key_id, _), caller in places.items():
                    trail.record(session, caller, "api_key.used", key_id)
                for key_id, caller in refused.items():
                    reason = {"reason": "network"}
                    trail.record(session, caller, "api_key.refused", key_id, outcome=trail.FAILURE, details=reason)
        except ApplicationError:
            self._used, self._refused = used | self._used, refused | self._refused
            self._new_places = places | self._new_places
            raise
