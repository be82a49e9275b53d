"""Access tokens (RFC 9068: ES256, typ "at+jwt") and rotating refresh tokens. The only module that imports `jose`."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk, jwt
from jose.exceptions import ExpiredSignatureError, JOSEError

from backplane import ids
from backplane.db.models import LoginSession
from backplane.db.repositories import login_sessions, refresh_tokens
from backplane.db.session import Database, Session
from backplane.errors import NotFound, TokenExpired, Unauthenticated
from backplane.services.audit import trail
from backplane.services.identity import jws
from backplane.services.identity.login_sessions import LoginSessions, new_login, whence
from backplane.services.identity.permissions import SCOPES
from backplane.services.identity.principal import PASSWORD, Principal
from backplane.services.requests.caller import Caller
from backplane.settings import Settings
from shield_core.keys.jwk import USE_MEMBER

ALGORITHM = "ES256"
TYPE = "at+jwt"
ISSUER = "imageshield"
AUDIENCE = "imageshield/api"
BROWSER, PROGRAM = "browser", "program"
USE = "access-token"
CLAIMS = {
    "exp": int,
    "nbf": int,
    "iat": int,
    "iss": str,
    "aud": str,
    "sub": str,
    "sid": str,
    "jti": str,
    "scope": str,
}
LOGIN_CLAIMS = {"user": str, "auth_time": int, "amr": str, "client": str}
"""A token of the release before lacks these; it has all of them or none."""
FORMER_SCOPES = {"jobs:read", "jobs:write", "keys:export", "webhooks:read", "webhooks:write"}
SESSION = "ses"
SCOPE = " ".join(sorted(SCOPES))


@dataclass(frozen=True, slots=True)
class TokenPair:
    access_token: str
    refresh_token: str
    expires_in: int
    scope: str


class AccessTokens:
    """Sign and verify with one key and one algorithm; no key is ever taken from a token's header."""

    def __init__(self, private_pem: bytes, *, seconds: int) -> None:
        private = serialization.load_pem_private_key(private_pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise ValueError("SIGNING_KEY_FILE must hold a P-256 private key in PEM")
        self._private = jwk.construct(private_pem.decode(), ALGORITHM)
        self._public = self._private.public_key()
        self.seconds = seconds
        self.public_jwk = self._describe()
        self._header = {"alg": ALGORITHM, "typ": TYPE, "kid": self.public_jwk["kid"]}

    @classmethod
    def from_settings(cls, settings: Settings) -> "AccessTokens":
        return cls(Path(settings.signing_key_file).read_bytes(), seconds=settings.access_token_seconds)

    def issue(
        self,
        user_id: UUID,
        session_id: UUID,
        *,
        auth_time: int | None = None,
        methods: Iterable[str] = (PASSWORD,),
        browser: bool = False,
    ) -> str:
        """Sign a token of a login session; `auth_time` is when the user proved who they are, by default now."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": ids.to_wire("acc", user_id),  # the personal account, which a gateway of the release before reads
            "user": ids.to_wire("usr", user_id),
            "sid": ids.to_wire(SESSION, session_id),
            "jti": secrets.token_hex(16),
            "iat": now,
            "nbf": now,
            "exp": now + self.seconds,
            "scope": SCOPE,
            "auth_time": now if auth_time is None else auth_time,
            "amr": " ".join(sorted(methods)),
            "client": BROWSER if browser else PROGRAM,
        }
        return jws.with_low_signature(
            jwt.encode(claims, self._private, algorithm=ALGORITHM, headers=dict(self._header))
        )

    def verify(self, token: str) -> Principal:
        """Verify an access token, and return who it belongs to.

        Raises:
            TokenExpired: it was valid once.
            Unauthenticated: it differs in any other way from what `issue` writes.
        """
        try:
            given = jws.read(token)
            if given.header != self._header or not jws.is_low(given.signature) or not _has_types(given.claims):
                raise Unauthenticated
            claims = jwt.decode(token, self._public, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER)
            return _principal(claims)
        except ExpiredSignatureError as error:
            raise TokenExpired from error
        except (jws.Malformed, JOSEError, NotFound) as error:
            raise Unauthenticated from error

    def _describe(self) -> dict[str, str]:
        public: Mapping[str, Any] = self._public.to_dict()
        required = {name: _text(public[name]) for name in ("crv", "kty", "x", "y")}
        # RFC 7638: the thumbprint of the required members in lexicographic order.
        digest = hashlib.sha256(json.dumps(required, sort_keys=True, separators=(",", ":")).encode()).digest()
        thumbprint = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return {**required, "kid": thumbprint, "use": "sig", "alg": ALGORITHM}


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
            login_sessions.add(session, login)
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

    @property
    def public_keys(self) -> list[dict[str, str]]:
        return [self._access.public_jwk | {USE_MEMBER: USE}]

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


def access_token_of(access: AccessTokens, login: LoginSession) -> str:
    """Issue an access token of a login session."""
    return access.issue(
        login.user_id,
        login.id,
        auth_time=int(login.auth_time.timestamp()),
        methods=login.methods,
        browser=login.browser,
    )


def digest_of(token: str) -> bytes:
    """Return what is stored of a refresh token."""
    return hashlib.sha256(token.encode()).digest()


def _has_types(claims: Mapping[str, str | int]) -> bool:
    expected = CLAIMS | LOGIN_CLAIMS if LOGIN_CLAIMS.keys() & claims.keys() else CLAIMS
    return all(type(claims.get(name)) is kind for name, kind in expected.items())


def _principal(claims: Mapping[str, Any]) -> Principal:
    account_id, session_id = ids.from_wire("acc", claims["sub"]), ids.from_wire(SESSION, claims["sid"])
    if "user" not in claims:
        # Of the release before: its users had one account each, and all rights in it.
        scopes = frozenset(claims["scope"].split())
        scopes = SCOPES if scopes >= FORMER_SCOPES else scopes & SCOPES
        return Principal(account_id, scopes, account_id, session_id, expires_at=claims["exp"])
    return Principal(
        account_id=account_id,
        scopes=frozenset(claims["scope"].split()) & SCOPES,
        user_id=ids.from_wire("usr", claims["user"]),
        session_id=session_id,
        expires_at=claims["exp"],
        auth_time=claims["auth_time"],
        methods=frozenset(claims["amr"].split()),
        browser=claims["client"] == BROWSER,
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
