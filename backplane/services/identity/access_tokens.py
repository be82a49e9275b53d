"""Access tokens (RFC 9068: ES256, typ "at+jwt"). The only module that imports `jose`."""

import secrets
import time
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from jose import jwk, jwt
from jose.exceptions import ExpiredSignatureError, JOSEError

from backplane import ids
from backplane.db.models import LoginSession
from backplane.errors import NotFound, TokenExpired, Unauthenticated
from backplane.services.identity import jws
from backplane.services.identity.key_ring import SigningKey
from backplane.services.identity.permissions import SCOPES
from backplane.services.identity.principal import PASSWORD, Principal
from backplane.services.identity.signing_keys import SigningKeys
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


class AccessTokens:
    """Sign and verify with the service's own keys and one algorithm; no key is ever taken from a token's header."""

    def __init__(self, keys: SigningKeys, *, seconds: int) -> None:
        self._keys = keys
        self._prepared: dict[str, tuple[Any, Any]] = {}
        self.seconds = seconds

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
        key = self._keys.signer()
        return jws.with_low_signature(
            jwt.encode(claims, self._pair_of(key)[0], algorithm=ALGORITHM, headers=_header(key))
        )

    def verify(self, token: str) -> Principal:
        """Verify an access token, and return who it belongs to.

        Raises:
            TokenExpired: it was valid once.
            Unauthenticated: it differs in any other way from what `issue` writes.
        """
        try:
            given = jws.read(token)
            key = self._keys.verifier(given.header.get("kid"))
            if key is None or given.header != _header(key):
                raise Unauthenticated
            if not jws.is_low(given.signature) or not _has_types(given.claims):
                raise Unauthenticated
            claims = jwt.decode(token, self._pair_of(key)[1], algorithms=[ALGORITHM], audience=AUDIENCE, issuer=ISSUER)
            return _principal(claims)
        except ExpiredSignatureError as error:
            raise TokenExpired from error
        except (jws.Malformed, JOSEError, NotFound) as error:
            raise Unauthenticated from error

    def public_keys(self) -> list[dict[str, str]]:
        """Return the keys that verify tokens, newest first, as JWKs."""
        about = {"use": "sig", "alg": ALGORITHM, USE_MEMBER: USE}
        return [key.public_members | about | {"kid": key.kid} for key in self._keys.published()]

    def _pair_of(self, key: SigningKey) -> tuple[Any, Any]:
        """Return both halves as `jose` wants them; a process sees few keys in its life."""
        if key.kid not in self._prepared:
            private = jwk.construct(key.pem(), ALGORITHM)
            self._prepared[key.kid] = (private, private.public_key())
        return self._prepared[key.kid]


def access_token_of(access: AccessTokens, login: LoginSession) -> str:
    """Issue an access token of a login session."""
    return access.issue(
        login.user_id,
        login.id,
        auth_time=int(login.auth_time.timestamp()),
        methods=login.methods,
        browser=login.browser,
    )


def _header(key: SigningKey) -> dict[str, str]:
    return {"alg": ALGORITHM, "typ": TYPE, "kid": key.kid}


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
