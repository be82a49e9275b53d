"""Login sessions: whether one is active, and a notification to all gateways when one has ended.

A login session is a family of refresh tokens; it has ended when none of them is left. Its access tokens stay valid for
their quarter of an hour, but open connections are closed with the login session.
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
        """Require an active login session, before something is opened that outlasts a request.

        Raises:
            Unauthenticated: the login session has ended.
        """
        if not await self._one.load(session_id):
            raise Unauthenticated("The session of this token has ended")

    async def active(self, session_ids: Collection[UUID]) -> set[UUID]:
        """Return the login sessions that have not ended."""
        found: set[UUID] = set()
        wanted = list(session_ids)
        for start in range(0, len(wanted), SESSIONS_AT_ONCE):
            async with self._database.reading() as session:
                found |= await accounts.living_families(session, wanted[start : start + SESSIONS_AT_ONCE])
        return found

    async def announce_end(self, holder: UUID) -> None:
        """Notify all gateways that a login session, or all of an account, has ended; call it after the commit."""
        await self._bus.revoke(holder)

    def on_end(self, callback: Callable[[UUID], None]) -> AbstractContextManager[None]:
        """Call back for every login session, or account, that ends. Without Redis no call comes: poll as well."""
        return self._bus.on_revoked(callback)

    async def _load(self, session_ids: Sequence[UUID]) -> dict[UUID, bool]:
        return dict.fromkeys(await self.active(session_ids), True)
