"""Access tokens (RFC 9068: ES256, typ "at+jwt") and rotating refresh tokens. The only module that imports `jose`."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jose import jwk, jwt
from jose.exceptions import ExpiredSignatureError, JOSEError

from backplane import ids
from backplane.db.repositories import accounts
from backplane.db.session import Database
from backplane.errors import NotFound, TokenExpired, Unauthenticated
from backplane.services.audit import trail
from backplane.services.identity import jws
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.requests.caller import Caller
from backplane.settings import Settings
from shield_core.keys.jwk import USE_MEMBER

ALGORITHM = "ES256"
TYPE = "at+jwt"
ISSUER = "imageshield"
AUDIENCE = "imageshield/api"
SCOPES = ("jobs:read", "jobs:write", "keys:export", "webhooks:read", "webhooks:write")
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
SESSION = "ses"


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated account and login session, and the expiry of the credential."""

    account_id: UUID
    session_id: UUID
    """The login session that it belongs to."""
    scopes: frozenset[str]
    expires_at: int


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

    def issue(self, account_id: UUID, session_id: UUID) -> str:
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": ids.to_wire("acc", account_id),
            "sid": ids.to_wire(SESSION, session_id),
            "jti": secrets.token_hex(16),
            "iat": now,
            "nbf": now,
            "exp": now + self.seconds,
            "scope": " ".join(SCOPES),
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
            return Principal(
                account_id=ids.from_wire("acc", claims["sub"]),
                session_id=ids.from_wire(SESSION, claims["sid"]),
                scopes=frozenset(claims["scope"].split()),
                expires_at=claims["exp"],
            )
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
    def __init__(
        self, database: Database, access: AccessTokens, sessions: LoginSessions, *, refresh_seconds: int
    ) -> None:
        self._database = database
        self._sessions = sessions
        self._access = access
        self._refresh_seconds = refresh_seconds

    async def issue(self, account_id: UUID) -> TokenPair:
        """Start a login session: a new family of refresh tokens."""
        refresh, session_id = secrets.token_urlsafe(32), ids.new()
        async with self._database.transaction() as session:
            await accounts.add_refresh_token(
                session,
                account_id=account_id,
                family_id=session_id,
                token_sha256=digest_of(refresh),
                seconds=self._refresh_seconds,
            )
        return self._pair(account_id, session_id, refresh)

    async def refresh(self, caller: Caller, token: str) -> TokenPair:
        """Exchange a refresh token for a new pair; a second use of one ends its login session."""
        refresh = secrets.token_urlsafe(32)
        async with self._database.transaction() as session:
            spent = await accounts.spend_refresh_token(session, digest_of(token))
            if spent is None:
                stolen = await accounts.revoke_family_of_used(session, digest_of(token))
                if stolen is not None:
                    owner = replace(caller, account_id=stolen.account_id)
                    trail.record(session, owner, "account.refresh_reused", outcome=trail.FAILURE)
            else:
                await accounts.add_refresh_token(
                    session,
                    account_id=spent.account_id,
                    family_id=spent.family_id,
                    token_sha256=digest_of(refresh),
                    seconds=self._refresh_seconds,
                )
        if spent is None:
            if stolen is not None:
                await self._sessions.announce_end(stolen.family_id)
            raise Unauthenticated("The refresh token is not valid")
        return self._pair(spent.account_id, spent.family_id, refresh)

    async def end(self, caller: Caller, session_id: UUID) -> None:
        """End the login session of an access token, and make its refresh tokens useless; it may have ended before."""
        async with self._database.transaction() as session:
            if await accounts.delete_family(session, session_id):
                trail.record(session, caller, "account.logout")
        await self._sessions.announce_end(session_id)

    def verify(self, token: str) -> Principal:
        return self._access.verify(token)

    @property
    def public_keys(self) -> list[dict[str, str]]:
        return [self._access.public_jwk | {USE_MEMBER: USE}]

    def _pair(self, account_id: UUID, session_id: UUID, refresh: str) -> TokenPair:
        access = self._access.issue(account_id, session_id)
        return TokenPair(access, refresh, self._access.seconds, " ".join(SCOPES))


def digest_of(token: str) -> bytes:
    """Return what is stored of a refresh token."""
    return hashlib.sha256(token.encode()).digest()


def _has_types(claims: Mapping[str, str | int]) -> bool:
    return all(type(claims.get(name)) is kind for name, kind in CLAIMS.items())


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
