"""Login sessions: their beginning, their list, whether one is active, and their end.

A login session is a family of refresh tokens; it has ended when none of them is left.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backplane import ids
from backplane.actions import Action
from backplane.db.models import LoginSession
from backplane.db.repositories import login_sessions, refresh_tokens
from backplane.db.session import Database, Session
from backplane.errors import NotFound, Unauthenticated
from backplane.services.audit import trail
from backplane.services.identity.devices import device_of
from backplane.services.identity.notices import Notices
from backplane.services.identity.revocations import Revocations
from backplane.services.requests.batch_loader import BatchLoader
from backplane.services.requests.caller import Caller, user_of

SESSIONS_AT_ONCE = 5000
LONGEST_USER_AGENT = 256


@dataclass(frozen=True, slots=True)
class LoginSessionFacts:
    """An active login session. What a gateway of the release before began has less to show."""

    id: UUID
    browser: bool
    device: str | None
    address: str | None
    methods: tuple[str, ...]
    created_at: datetime
    last_seen_at: datetime


class LoginSessions:
    def __init__(self, database: Database, revocations: Revocations, notices: Notices) -> None:
        self._database = database
        self._revocations = revocations
        self._notices = notices
        self._one = BatchLoader(self._load, at_once=SESSIONS_AT_ONCE)

    async def begin(self, session: Session, caller: Caller, login: LoginSession) -> None:
        """Begin a login session in a transaction, and tell the user of a new device."""
        login_sessions.add(session, login)
        await self._notices.logged_in(session, caller, login.user_id)

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
                found |= await refresh_tokens.living_families(session, wanted[start : start + SESSIONS_AT_ONCE])
        return found

    async def list(self, caller: Caller) -> Sequence[LoginSessionFacts]:
        """List the active login sessions of the user, the last used first."""
        async with self._database.reading() as session:
            rows = await login_sessions.of_user(session, user_of(caller))
        # The rules that recognize browsers are compiled at the first use, which takes a tenth of a second.
        return await asyncio.to_thread(lambda: [_describe(*row) for row in rows])

    async def end(self, caller: Caller, session_id: UUID) -> None:
        """End a login session of the user.

        Raises:
            NotFound: the user has no such login session.
        """
        async with self._database.transaction() as session:
            if session_id not in await login_sessions.ids_of_user(session, user_of(caller)):
                raise NotFound
            await self.remove(session, caller, session_id)

    async def end_all(self, caller: Caller, *, but: UUID | None = None) -> int:
        """End the login sessions of the user, but for one; return their number."""
        async with self._database.transaction() as session:
            return await self.remove_all(session, caller, user_of(caller), but=but)

    async def remove_all(self, session: Session, caller: Caller, user_id: UUID, *, but: UUID | None = None) -> int:
        """End the login sessions of a user in the transaction of a change, but for one; return their number."""
        ending = await login_sessions.ids_of_user(session, user_id) - {but}
        for session_id in ending:
            await self.remove(session, replace(caller, account_id=user_id), session_id)
        return len(ending)

    async def remove(
        self, session: Session, caller: Caller, session_id: UUID, *, action: Action = "session.end"
    ) -> bool:
        """End a login session in a transaction; False if it had ended."""
        found = await refresh_tokens.delete_family(session, session_id)
        await login_sessions.remove(session, session_id)
        self._revocations.revoke(session, session_id)
        if found:
            trail.record(session, caller, action, session_id)
        return found

    async def _load(self, session_ids: Sequence[UUID]) -> dict[UUID, bool]:
        return dict.fromkeys(await self.active(session_ids), True)


def new_login(caller: Caller, user_id: UUID, *, methods: Collection[str], browser: bool) -> LoginSession:
    """Describe a login that happens now, from where the caller is."""
    return LoginSession(id=ids.new(), user_id=user_id, browser=browser, methods=sorted(methods), **whence(caller))


def whence(caller: Caller) -> dict[str, str | None]:
    """Return where a request comes from, as a login session keeps it."""
    agent = caller.user_agent[:LONGEST_USER_AGENT] if caller.user_agent is not None else None
    return {"user_agent": agent, "address": caller.address}


def _describe(known: LoginSession | None, session_id: UUID, browser: bool, began: datetime) -> LoginSessionFacts:
    return LoginSessionFacts(
        id=session_id,
        browser=browser,
        device=device_of(known.user_agent) if known is not None else None,
        address=known.address if known is not None else None,
        methods=tuple(known.methods) if known is not None else (),
        created_at=known.created_at if known is not None else began,
        last_seen_at=known.last_seen_at if known is not None else began,
    )
