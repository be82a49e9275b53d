"""Verification of API keys, from memory: a query for a key comes once a minute at most, and none for what is no key."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import UUID

from backplane.db.models import ApiKey
from backplane.db.repositories import api_keys
from backplane.db.session import Database
from backplane.errors import ApiKeyExpired, Unauthenticated
from backplane.services.identity.api_key_format import is_api_key
from backplane.services.identity.api_key_peppers import ApiKeyPeppers
from backplane.services.identity.api_key_rights import Network, is_allowed, read_networks
from backplane.services.identity.api_key_uses import ApiKeyUses
from backplane.services.identity.api_keys import change_of
from backplane.services.identity.permissions import SCOPES
from backplane.services.identity.principal import Principal
from backplane.services.identity.revocations import Revocations
from backplane.services.requests.batch_loader import BatchLoader

KEPT_AT_MOST = 10_000
KEPT_SECONDS = 60.0
"""A revocation clears an entry at once. The time is how exactly the last use is known."""

LOADED_AT_ONCE = 1000
ADDRESSES = 1000
"""How many addresses of a key are noted in that time."""

Hashes = tuple[bytes, ...]


@dataclass(slots=True)
class Known:
    """A key as it was in the database."""

    principal: Principal
    networks: tuple[Network, ...] | None
    grace_until: float | None
    newest_hash: bytes
    read_at: float
    noted: set[str | None] = field(default_factory=set)
    """The addresses whose use was noted."""
    refusal_noted: bool = False

    @property
    def key_id(self) -> UUID:
        assert self.principal.api_key_id is not None
        return self.principal.api_key_id

    def depends_on(self, holder_id: UUID) -> bool:
        return holder_id in {self.key_id, self.principal.account_id, self.principal.made_by, change_of(self.key_id)}


class ApiKeyVerifier:
    def __init__(self, database: Database, peppers: ApiKeyPeppers, revocations: Revocations, uses: ApiKeyUses) -> None:
        self._database = database
        self._peppers = peppers
        self._revocations = revocations
        self._uses = uses
        self._known: OrderedDict[bytes, Known] = OrderedDict()
        self._changes = 0
        self._rows = BatchLoader(self._load_rows, at_once=LOADED_AT_ONCE)

    async def verify(self, text: str, *, address: str | None) -> Principal:
        """Verify an API key that a client at this address has sent.

        Raises:
            Unauthenticated: there is no such key, or it was revoked or replaced, or may not be used from there. The
                answers are the same: a thief learns nothing.
            ApiKeyExpired: it was valid once; its owner must make a new one.
            Unavailable: the vault or the database does not answer.
        """
        if not is_api_key(text):
            raise Unauthenticated
        known = await self._find(text)
        if known is None or (known.grace_until is not None and known.grace_until <= time.time()):
            raise Unauthenticated
        if not is_allowed(address, known.networks):
            self._note_refusal(known, address)
            raise Unauthenticated
        if known.principal.expires_at is not None and known.principal.expires_at <= time.time():
            raise ApiKeyExpired
        self._note_use(known, address)
        return known.principal

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Forget keys that change, and write the times of their use, while the block runs."""
        with self._revocations.on_revoked(self.forget):
            async with self._uses.watched():
                yield

    def forget(self, holder_id: UUID) -> None:
        """Forget a key, or those of an account or of a maker."""
        self._changes += 1
        for digest in [digest for digest, known in self._known.items() if known.depends_on(holder_id)]:
            del self._known[digest]

    async def _find(self, text: str) -> Known | None:
        digest = hashlib.sha256(text.encode()).digest()
        known = self._known.get(digest)
        if known is not None and time.monotonic() - known.read_at < KEPT_SECONDS:
            self._known.move_to_end(digest)
            return known
        changes = self._changes
        found = await self._load(text)
        # What was read before a change may be what has changed.
        if found is not None and changes == self._changes:
            self._known[digest] = found
            self._known.move_to_end(digest)
            while len(self._known) > KEPT_AT_MOST:
                self._known.popitem(last=False)
        return found

    async def _load(self, text: str) -> Known | None:
        hashes = tuple(await asyncio.to_thread(self._peppers.hashes, text))
        row = await self._rows.load(hashes) if hashes else None
        return _known(row, hashes[0]) if row is not None else None

    async def _load_rows(self, wanted: Sequence[Hashes]) -> dict[Hashes, ApiKey]:
        async with self._database.reading() as session:
            found = await api_keys.by_hashes(session, [one for hashes in wanted for one in hashes])
        by_hash = {row.hash: row for row in found}
        return {hashes: by_hash[one] for hashes in wanted for one in hashes if one in by_hash}

    def _note_use(self, known: Known, address: str | None) -> None:
        if address not in known.noted and len(known.noted) < ADDRESSES:
            known.noted.add(address)
            self._uses.note_use(known.key_id, known.newest_hash, account_id=known.principal.account_id, address=address)

    def _note_refusal(self, known: Known, address: str | None) -> None:
        if not known.refusal_noted:
            known.refusal_noted = True
            self._uses.note_refusal(known.key_id, known.principal.account_id, address)


def _known(row: ApiKey, newest_hash: bytes) -> Known:
    expires_at = int(row.expires_at.timestamp()) if row.expires_at is not None else None
    principal = Principal(
        account_id=row.account_id,
        scopes=frozenset(row.scopes) & SCOPES,
        api_key_id=row.id,
        expires_at=expires_at,
        rate_per_hour=row.rate_per_hour,
        made_by=row.created_by,
    )
    grace_until = row.grace_until.timestamp() if row.grace_until is not None else None
    return Known(principal, read_networks(row.networks), grace_until, newest_hash, time.monotonic())
