"""Authorizations that wait for the answer of a provider: bound to the browser, used once, for ten minutes.

The browser keeps 32 random bytes in a cookie. `state`, `nonce` and the PKCE verifier are derived from them. So the
address, which holds the state, gives neither the cookie nor the verifier, and Redis, which holds the digest of the
state, gives none of the three.
"""

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Self
from uuid import UUID

from backplane.bus import RedisBus
from backplane.errors.federation import AuthorizationInvalid

PREFIX = "imageshield:authorization:"
SECONDS = 600
COOKIE_BYTES = 32
LABEL = b"imageshield/v1/authorization/"


class Purpose(StrEnum):
    LOGIN = "login"
    LINK = "link"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class Secrets:
    """The values of one authorization request, derived from the cookie of the browser."""

    state: str = field(repr=False)
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)

    @classmethod
    def of(cls, cookie: str) -> Self:
        return cls(*(_derive(cookie, name) for name in (b"state", b"nonce", b"verifier")))


@dataclass(frozen=True, slots=True)
class Pending:
    """What was begun; nothing of it is secret."""

    provider: str
    purpose: Purpose
    return_to: str
    begun_at: int
    user_id: UUID | None = None
    session_id: UUID | None = None
    """Of a user who links or confirms: the login session that asked."""


class Authorizations:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def begin(
        self, provider: str, purpose: Purpose, return_to: str, *, user_id: UUID | None, session_id: UUID | None
    ) -> tuple[str, Secrets]:
        """Begin an authorization; return the value of its cookie, and what is derived from it.

        Raises:
            Unavailable: Redis does not answer.
        """
        cookie = secrets.token_urlsafe(COOKIE_BYTES)
        derived = Secrets.of(cookie)
        pending = Pending(provider, purpose, return_to, int(time.time()), user_id, session_id)
        await self._bus.keep(_name(derived.state), _written(pending), seconds=SECONDS)
        return cookie, derived

    async def take(self, cookie: str | None, state: str, *, provider: str) -> tuple[Pending, Secrets]:
        """Use up an authorization, and return what was begun.

        Raises:
            AuthorizationInvalid: it was begun in another browser or with another provider, was used, or is too old.
            Unavailable: Redis does not answer.
        """
        derived = Secrets.of(cookie or "")
        # Before anything is used up: knowing the state alone spoils no authorization of another browser.
        if cookie is None or not hmac.compare_digest(derived.state.encode(), state.encode()):
            raise AuthorizationInvalid("The log-in was begun in another browser, or another one was begun since")
        kept = await self._bus.take(_name(state))
        if kept is None:
            raise AuthorizationInvalid("The log-in took longer than ten minutes, or was used")
        pending = _read(kept)
        if pending.provider != provider:
            raise AuthorizationInvalid("The log-in was begun with another provider")
        return pending, derived


def _derive(cookie: str, name: bytes) -> str:
    mac = hmac.digest(cookie.encode(), LABEL + name, hashlib.sha256)
    return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def _name(state: str) -> str:
    return PREFIX + hashlib.sha256(state.encode()).hexdigest()


def _written(pending: Pending) -> bytes:
    ids = {name: one.hex if one is not None else None for name, one in _ids(pending).items()}
    return json.dumps(asdict(pending) | ids).encode()


def _ids(pending: Pending) -> dict[str, UUID | None]:
    return {"user_id": pending.user_id, "session_id": pending.session_id}


def _read(kept: bytes) -> Pending:
    found = json.loads(kept)
    ids = {name: UUID(found[name]) if found[name] is not None else None for name in ("user_id", "session_id")}
    return Pending(**found | ids | {"purpose": Purpose(found["purpose"])})
