"""Tokens of programs: an access token, and a refresh token that works once and brings the next pair."""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from backplane.db.models import LoginSession
from backplane.db.repositories import login_sessions, refresh_tokens
from backplane.db.session import Database, Session
from backplane.errors import Unauthenticated
from backplane.services.audit import trail
from backplane.services.identity.access_tokens import SCOPE, AccessTokens, access_token_of
from backplane.services.identity.login_sessions import LoginSessions, new_login, whence
from backplane.services.identity.principal import PASSWORD, Principal
from backplane.services.requests.caller import Caller


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str
    refresh_token: str
    expires_in: int
    scope: str


class Tokens:
    """The login sessions of programs."""

    def __init__(
        self, database: Database, access: AccessTokens, sessions: LoginSessions, *, refresh_seconds: int
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._access = access
        self._refresh_seconds = refresh_seconds

    async def issue(self, caller: Caller, user_id: UUID, *, methods: Collection[str] = (PASSWORD,)) -> TokenPair:
        """Start a login session: a new family of refresh tokens."""
        refresh = secrets.token_urlsafe(32)
        login = new_login(caller, user_id, methods=methods, browser=False)
        async with self._database.transaction() as session:
            await self._sessions.begin(session, caller, login)
            await self._add(session, login, refresh)
            await session.reload(login)
        return self._pair(login, refresh)

    async def refresh(self, caller: Caller, token: str) -> TokenPair:
        """Exchange a refresh token for a new pair; a second use of one ends its login session."""
        refresh = secrets.token_urlsafe(32)
        async with self._database.transaction() as session:
            spent = await refresh_tokens.spend(session, digest_of(token))
            if spent is None:
                await self._end_stolen(session, caller, token)
            else:
                login = await login_sessions.touch(
                    session, spent.family_id, user_id=spent.account_id, browser=False, **whence(caller)
                )
                await self._add(session, login, refresh)
        if spent is None:
            raise Unauthenticated("The refresh token is not valid")
        return self._pair(login, refresh)

    async def end(self, caller: Caller, session_id: UUID) -> None:
        """End the login session of an access token, and make its refresh tokens useless; it may have ended before."""
        async with self._database.transaction() as session:
            await self._sessions.remove(session, caller, session_id, action="account.logout")

    def verify(self, token: str) -> Principal:
        return self._access.verify(token)

    def public_keys(self) -> list[dict[str, str]]:
        return self._access.public_keys()

    async def _end_stolen(self, session: Session, caller: Caller, token: str) -> None:
        stolen = await refresh_tokens.used(session, digest_of(token))
        if stolen is not None:
            owner = replace(caller, account_id=stolen.account_id, user_id=stolen.account_id)
            await self._sessions.remove(session, owner, stolen.family_id)
            trail.record(session, owner, "account.refresh_reused", outcome=trail.FAILURE)

    async def _add(self, session: Session, login: LoginSession, token: str) -> None:
        await refresh_tokens.add(
            session,
            account_id=login.user_id,
            family_id=login.id,
            token_sha256=digest_of(token),
            seconds=self._refresh_seconds,
        )

    def _pair(self, login: LoginSession, refresh: str) -> TokenPair:
        return TokenPair(access_token_of(self._access, login), refresh, self._access.seconds, SCOPE)


def digest_of(token: str) -> bytes:
    """Return what is stored of a refresh token."""
    return hashlib.sha256(token.encode()).digest()
