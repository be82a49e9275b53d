"""API keys, for those who manage them. A key's text is shown when it is made, and never again."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from backplane import ids
from backplane.actions import Action
from backplane.db.models import ApiKey
from backplane.db.repositories import api_keys
from backplane.db.session import Database, ReadSession, Session
from backplane.errors import NotFound, Unauthenticated
from backplane.errors.limits import LimitUse, TooManyApiKeys
from backplane.errors.users import ApiKeyEnded
from backplane.services.audit import trail
from backplane.services.identity.api_key_format import Kind, new_api_key, shown_part
from backplane.services.identity.api_key_peppers import ApiKeyPeppers
from backplane.services.identity.api_key_rights import Rights, read_networks
from backplane.services.identity.notices import Notices
from backplane.services.identity.revocations import Revocations
from backplane.services.identity.rights import require_rights
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission

MAX_KEYS = 50
"""Valid ones of an account in any tier: a list of them is still read by people."""

WRITE = "api-keys:write"


@dataclass(frozen=True, slots=True)
class ApiKeyFacts:
    """A key without its text."""

    id: UUID
    account_id: UUID
    name: str
    prefix: str
    scopes: Sequence[str]
    rate_per_hour: int | None
    networks: Sequence[str] | None
    created_by: UUID | None
    expires_at: datetime | None
    last_used_at: datetime | None
    replaced_by: UUID | None
    grace_until: datetime | None
    revoked_at: datetime | None
    created_at: datetime

    @classmethod
    def of(cls, key: ApiKey) -> "ApiKeyFacts":
        return cls(**{name: getattr(key, name) for name in cls.__slots__})

    @property
    def status(self) -> str:
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= datetime.now(UTC):
            return "expired"
        return "active" if self.replaced_by is None else "replaced"


@dataclass(frozen=True, slots=True)
class MadeApiKey:
    """A new key, with its text."""

    key: ApiKeyFacts
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """What somebody wants of a new key."""

    name: str
    scopes: Sequence[str]
    lifetime: timedelta | None = None
    networks: Sequence[str] | None = None
    rate_per_hour: int | None = None

    def columns(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "scopes": sorted(self.scopes),
            "expires_at": datetime.now(UTC) + self.lifetime if self.lifetime is not None else None,
            "networks": list(self.networks) if self.networks is not None else None,
            "rate_per_hour": self.rate_per_hour,
        }


class ApiKeys:
    def __init__(
        self,
        database: Database,
        peppers: ApiKeyPeppers,
        revocations: Revocations,
        *,
        kind: Kind,
        notices: Notices,
        demand_room: Callable[[Caller, int], None],
    ) -> None:
        self._database = database
        self._peppers = peppers
        self._revocations = revocations
        self._kind = kind
        self._notices = notices
        self._demand_room = demand_room

    async def create(self, submission: Submission, wanted: NewApiKey) -> MadeApiKey:
        """Make a key for the account.

        Raises:
            InsufficientScope: it would have rights that the caller lacks.
            RoleChanged: the caller may no longer make keys.
            TooManyApiKeys: the account has reached its limit.
        """
        async with self._database.transaction() as session:
            await require_rights(session, submission.caller, WRITE)
            return await self._add(session, submission, wanted.columns(), action="api_key.created")

    async def page(self, caller: Caller, *, revoked: bool = False) -> list[ApiKeyFacts]:
        async with self._database.reading() as session:
            return [ApiKeyFacts.of(key) for key in await api_keys.page(session, caller.account_id, revoked=revoked)]

    async def get(self, caller: Caller, key_id: UUID) -> ApiKeyFacts:
        async with self._database.reading() as session:
            key = await api_keys.of_account(session, caller.account_id, key_id)
        if key is None:
            raise NotFound
        return ApiKeyFacts.of(key)

    async def change(self, caller: Caller, key_id: UUID, changes: Mapping[str, Any]) -> ApiKeyFacts:
        """Change the given fields: `name`, `networks`, `rate_per_hour`.

        Raises:
            NotFound: there is no such key.
            ApiKeyEnded: it has expired or was replaced.
            InsufficientScope: the key has, or would have, rights that the caller lacks.
        """
        async with self._database.transaction() as session:
            await require_rights(session, caller, WRITE)
            own = await self._own_rights(session, caller)
            key = await self._lock(session, caller, key_id, own)
            await api_keys.change(session, key, changes)
            _rights_of(key).require_within(own)
            self._revocations.revoke(session, change_of(key.id))
            trail.record(session, caller, "api_key.changed", key.id, details={"fields": sorted(changes)})
            return ApiKeyFacts.of(key)

    async def rotate(self, submission: Submission, key_id: UUID, *, grace_hours: int) -> MadeApiKey:
        """Replace a key by a new one with the same rights; the old one is valid for the grace period.

        It lasts as long as the old one did, from now; but an API key prolongs nothing.

        Raises:
            NotFound: there is no such key.
            ApiKeyEnded: it has expired or was replaced.
            InsufficientScope: the key has rights that the caller lacks.
        """
        caller = submission.caller
        async with self._database.transaction() as session:
            await require_rights(session, caller, WRITE)
            key = await self._lock(session, caller, key_id, await self._own_rights(session, caller))
            columns = {name: getattr(key, name) for name in ("name", "scopes", "networks", "rate_per_hour")}
            columns["expires_at"] = _renewed(key, caller)
            made = await self._add(session, submission, columns, action="api_key.rotated", replaces=key)
            await api_keys.change(
                session,
                key,
                {"replaced_by": made.key.id, "grace_until": datetime.now(UTC) + timedelta(hours=grace_hours)},
            )
            self._revocations.revoke(session, change_of(key.id) if grace_hours else key.id)
        return made

    async def revoke(self, caller: Caller, key_id: UUID) -> None:
        """Revoke a key: no gateway accepts it from the next second on, and its streams are closed."""
        async with self._database.transaction() as session:
            key = await api_keys.lock_of_account(session, caller.account_id, key_id)
            if key is None:
                raise NotFound
            await api_keys.revoke(session, key)
            self._revocations.revoke(session, key.id)
            trail.record(session, caller, "api_key.revoked", key.id, details={"prefix": key.prefix})

    async def _add(
        self,
        session: Session,
        submission: Submission,
        columns: Mapping[str, Any],
        *,
        action: Action,
        replaces: ApiKey | None = None,
    ) -> MadeApiKey:
        caller, key_id, text = submission.caller, ids.new(), new_api_key(self._kind)
        await api_keys.lock_account(session, caller.account_id)
        # A replaced key is not counted as well: an account at its limit can rotate.
        used = await api_keys.count_valid(session, caller.account_id) - (replaces is not None)
        self._demand_room(caller, used)
        if used >= MAX_KEYS:
            raise TooManyApiKeys(
                f"An account has at most {MAX_KEYS} valid API keys", LimitUse("api_keys", MAX_KEYS, used)
            )
        key = ApiKey(
            id=key_id,
            account_id=caller.account_id,
            created_by=await self._creator(session, caller),
            prefix=shown_part(text),
            hash=await asyncio.to_thread(self._peppers.hash, text),
            **columns,
        )
        _rights_of(key).require_within(await self._own_rights(session, caller))
        await api_keys.add(session, key)
        details = {"prefix": key.prefix, "scopes": key.scopes}
        replaced = {"replaces": ids.to_wire("apk", replaces.id)} if replaces is not None else {}
        trail.record(session, caller, action, key_id, details=details | replaced)
        # A key that a program rotates has the same rights and the same end: that is no news.
        if key.created_by is not None and (replaces is None or caller.user_id is not None):
            await self._notices.api_key_made(session, key.created_by, caller.account_id, key.name)
        await submission.record(session, "api_key", key_id, answer=text.encode())
        return MadeApiKey(ApiKeyFacts.of(key), text)

    async def _lock(self, session: Session, caller: Caller, key_id: UUID, own: Rights) -> ApiKey:
        """Find a key that is in use, with no rights that the caller lacks: a new text of it would give them."""
        key = await api_keys.lock_of_account(session, caller.account_id, key_id)
        if key is None:
            raise NotFound
        if ApiKeyFacts.of(key).status != "active":
            raise ApiKeyEnded
        _rights_of(key).require_within(own)
        return key

    async def _own_rights(self, session: ReadSession, caller: Caller) -> Rights:
        """Return what the caller may pass on; read it before anything is changed, perhaps the caller's own key."""
        if caller.api_key_id is None:
            return Rights(caller.scopes)
        return replace(_rights_of(await self._own_key(session, caller)), scopes=caller.scopes)

    async def _creator(self, session: ReadSession, caller: Caller) -> UUID | None:
        if caller.api_key_id is None:
            return caller.user_id
        return (await self._own_key(session, caller)).created_by

    @staticmethod
    async def _own_key(session: ReadSession, caller: Caller) -> ApiKey:
        assert caller.api_key_id is not None
        own = await api_keys.of_account(session, caller.account_id, caller.api_key_id)
        if own is None:
            raise Unauthenticated
        return own


def most_keys(of_tier: int | None) -> int:
    """Return how many valid keys an account may have, by the limit of its tier."""
    return MAX_KEYS if of_tier is None else min(of_tier, MAX_KEYS)


def change_of(key_id: UUID) -> UUID:
    """Return the id under which gateways hear that a key has changed, and is still valid."""
    return uuid5(key_id, "changed")


def _rights_of(key: ApiKey) -> Rights:
    return Rights(frozenset(key.scopes), read_networks(key.networks), key.expires_at, key.rate_per_hour)


def _renewed(key: ApiKey, caller: Caller) -> datetime | None:
    if key.expires_at is None or caller.api_key_id is not None:
        return key.expires_at
    return datetime.now(UTC) + (key.expires_at - key.created_at)
