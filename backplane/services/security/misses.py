"""Ids that callers asked for and that they have not: counted in memory, and written into the trail when there are many.

One wrong id is an accident, and costs nothing here. A caller who tries many gets one entry a minute.
"""

import time
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from backplane.db.session import Database
from backplane.services.audit import trail
from backplane.services.requests.caller import Caller
from backplane.write_behind import writing_behind

ACTION: Final = "ids.not_found"
WRITE_SECONDS: Final = 60.0
WORTH: Final = 10
"""Different ids that a caller missed before they are written."""

FORGOTTEN_SECONDS: Final = 3600.0
CALLERS, IDS = 10_000, 10_000
"""How many are remembered: a flood must not fill the memory."""


@dataclass(slots=True)
class Missed:
    caller: Caller
    since: float = field(default_factory=time.monotonic)
    ids: set[int] = field(default_factory=set)


class IdMisses:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._missed: dict[UUID, Missed] = {}

    def note(self, caller: Caller, wanted: str) -> None:
        """Note that a caller asked for something that is not there; the same again counts once."""
        holder = caller.user_id or caller.api_key_id
        if holder is None:
            return
        if holder not in self._missed and len(self._missed) < CALLERS:
            self._missed[holder] = Missed(caller)
        found = self._missed.get(holder)
        if found is not None and len(found.ids) < IDS:
            found.ids.add(hash(wanted))

    def watched(self) -> AbstractAsyncContextManager[None]:
        """Write what was noted while the block runs, and at its end."""
        return writing_behind(self.write, seconds=WRITE_SECONDS, lost="id_misses.lost")

    async def write(self) -> None:
        """Write an entry for each caller who missed many, and forget them.

        Raises:
            ApplicationError: the database does not answer; the counts are kept.
        """
        many = {holder: len(found.ids) for holder, found in self._missed.items() if len(found.ids) >= WORTH}
        if many:
            async with self._database.transaction() as session:
                for holder, count in many.items():
                    caller = self._missed[holder].caller
                    trail.record(session, caller, ACTION, outcome=trail.FAILURE, details={"count": count})
        before = time.monotonic() - FORGOTTEN_SECONDS
        self._missed = {
            holder: found for holder, found in self._missed.items() if holder not in many and found.since > before
        }
