"""Logins that go on: whether a session still does, and word to all gateways when one has ended.

A session is a family of refresh tokens; it has ended where none of them is left. An access token that was issued in it
is good for its quarter of an hour, but what stays open on one is closed with the session.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from uuid import UUID

from backplane.bus import RedisBus
from backplane.db.repositories import accounts
from backplane.db.session import Database
from backplane.errors import Unauthenticated
from backplane.services.requests.batch_loader import BatchLoader

SESSIONS_AT_ONCE = 5000


class LoginSessions:
    def __init__(self, database: Database, bus: RedisBus) -> None:
        self._database = database
        self._bus = bus
        self._one = BatchLoader(self._load, at_once=SESSIONS_AT_ONCE)

    async def require(self, session_id: UUID) -> None:
        """Let something be opened that outlasts a request.

        Raises:
            Unauthenticated: the session has ended.
        """
        if not await self._one.load(session_id):
            raise Unauthenticated("The session of this token has ended")

    async def going_on(self, session_ids: Collection[UUID]) -> set[UUID]:
        """Return those that have not ended."""
        found: set[UUID] = set()
        wanted = list(session_ids)
        for start in range(0, len(wanted), SESSIONS_AT_ONCE):
            async with self._database.reading() as session:
                found |= await accounts.living_families(session, wanted[start : start + SESSIONS_AT_ONCE])
        return found

    async def announce_end(self, holder: UUID) -> None:
        """Tell all gateways that a session, or all of an account, has ended; after the commit that ended it."""
        await self._bus.revoke(holder)

    def on_end(self, tell: Callable[[UUID], None]) -> AbstractContextManager[None]:
        """Be told of every session, or account, that has ended. Without Redis nobody is: look as well."""
        return self._bus.on_revoked(tell)

    async def _load(self, session_ids: Sequence[UUID]) -> dict[UUID, bool]:
        return dict.fromkeys(await self.going_on(session_ids), True)
