"""Login sessions of browsers: the refresh token is in a cookie, and may be repeated for a moment.

A browser can lose an answer, or refresh from two tabs at once, and then sends a token that has just been used. For
`REPEATED_SECONDS` this brings the same successor again, so a family never has two valid tokens. The successor of a
token is HMAC-SHA-256 of the token and of a salt in its row: it is not stored, and neither the token alone nor the
database alone gives it (docs/decisions/0045).
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from backplane.db.models import LoginSession, RefreshToken
from backplane.db.repositories import login_sessions, refresh_tokens
from backplane.db.session import Database, Session
from backplane.errors import Unauthenticated
from backplane.services.audit import trail
from backplane.services.identity.access_tokens import AccessTokens, access_token_of
from backplane.services.identity.login_sessions import LoginSessions, new_login, whence
from backplane.services.identity.principal import PASSWORD
from backplane.services.identity.tokens import digest_of
from backplane.services.requests.caller import Caller, user_of

REPEATED_SECONDS = 20
"""Enough for a slow answer and a reload."""

SETTLING_SECONDS = 60
"""After a rotation the new token stays for this long, whichever tab uses it.

It is longer than the time above. So within that time the successor of a used token is always valid, and an answer that
arrives late does not put a used token back into the browser.
"""

CONFIRMED: Final = "session.confirmed"
TOKEN_BYTES = SALT_BYTES = 32
LABEL = b"imageshield/v1/refresh-successor"


@dataclass(frozen=True, slots=True)
class BrowserSession:
    access_token: str = field(repr=False)
    expires_in: int
    refresh_token: str = field(repr=False)
    refresh_seconds: int


class BrowserSessions:
    def __init__(
        self, database: Database, access: AccessTokens, sessions: LoginSessions, *, refresh_seconds: int
    ) -> None:
        self._database = database
        self._access = access
        self._sessions = sessions
        self._refresh_seconds = refresh_seconds

    async def start(
        self,
        caller: Caller,
        user_id: UUID,
        *,
        methods: Collection[str] = (PASSWORD,),
        auth_time: datetime | None = None,
    ) -> BrowserSession:
        """Start a login session: a new family of refresh tokens. By default the user has proved now who they are."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        login = new_login(caller, user_id, methods=methods, browser=True)
        if auth_time is not None:
            login.auth_time = auth_time
        async with self._database.transaction() as session:
            await self._sessions.begin(session, caller, login)
            await self._add(session, user_id, login.id, token)
            await session.reload(login)
        return self._session(login, token)

    async def refresh(self, caller: Caller, token: str) -> BrowserSession:
        """Return a new access token, and the valid refresh token of the family.

        Raises:
            Unauthenticated: the token is unknown or expired, or its successor has settled; then the family has ended.
        """
        async with self._database.transaction() as session:
            known = await self._rotate(session, token) or await refresh_tokens.of_browser(session, digest_of(token))
            valid = _valid(known, token, at=await refresh_tokens.now(session)) if known is not None else None
            if known is not None and valid is not None:
                login = await login_sessions.touch(
                    session, known.family_id, user_id=known.account_id, browser=True, **whence(caller)
                )
            elif known is not None and known.used_at is not None:
                await self._end_stolen(session, caller, known)
        if known is None or valid is None:
            raise Unauthenticated("The session has ended: log in again")
        return self._session(login, valid)

    async def confirm(self, caller: Caller, session_id: UUID, *, methods: Collection[str]) -> tuple[str, int]:
        """Note that the user has just proved who they are; return a new access token, and its seconds.

        Raises:
            Unauthenticated: the login session has ended.
        """
        async with self._database.transaction() as session:
            login = await login_sessions.confirm(session, session_id, user_id=user_of(caller), methods=methods)
            if login is not None:
                trail.record(session, caller, CONFIRMED, session_id, details={"methods": sorted(methods)})
        if login is None:
            raise Unauthenticated("The session has ended: log in again")
        return access_token_of(self._access, login), self._access.seconds

    async def end(self, caller: Caller, token: str) -> None:
        """End the login session that a refresh token belongs to; it may have ended before."""
        async with self._database.transaction() as session:
            known = await refresh_tokens.of_browser(session, digest_of(token))
            if known is not None:
                owner = replace(caller, account_id=known.account_id, user_id=known.account_id)
                await self._sessions.remove(session, owner, known.family_id, action="account.logout")

    async def _end_stolen(self, session: Session, caller: Caller, token: RefreshToken) -> None:
        owner = replace(caller, account_id=token.account_id, user_id=token.account_id)
        await self._sessions.remove(session, owner, token.family_id)
        trail.record(session, owner, "account.refresh_reused", outcome=trail.FAILURE)

    async def _rotate(self, session: Session, token: str) -> RefreshToken | None:
        """Use the token up and add its successor, unless that is not due."""
        salt = secrets.token_bytes(SALT_BYTES)
        spent = await refresh_tokens.spend_of_browser(
            session, digest_of(token), salt=salt, settling_seconds=SETTLING_SECONDS
        )
        if spent is not None:
            await refresh_tokens.forget_salts(session, spent)
            await self._add(session, spent.account_id, spent.family_id, successor(token, salt))
        return spent

    async def _add(self, session: Session, user_id: UUID, session_id: UUID, token: str) -> None:
        await refresh_tokens.add(
            session,
            account_id=user_id,
            family_id=session_id,
            token_sha256=digest_of(token),
            seconds=self._refresh_seconds,
            browser=True,
        )

    def _session(self, login: LoginSession, token: str) -> BrowserSession:
        return BrowserSession(access_token_of(self._access, login), self._access.seconds, token, self._refresh_seconds)


def successor(token: str, salt: bytes) -> str:
    """Return the refresh token that follows `token`."""
    mac = hmac.digest(token.encode(), LABEL + salt, hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _valid(known: RefreshToken, token: str, *, at: datetime) -> str | None:
    """Return the valid token that an accepted one leads to: itself, or its successor for a moment."""
    if known.used_at is None:
        return token if at < known.expires_at else None
    if known.successor_salt is None or at - known.used_at > timedelta(seconds=REPEATED_SECONDS):
        return None
    return successor(token, known.successor_salt)
