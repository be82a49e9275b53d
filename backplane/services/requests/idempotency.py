"""One request, one effect: what a client sends again under the same `Idempotency-Key` is not done again.

A key is reserved for a request once all of it has arrived, and the transaction that creates something says so in the
reservation's row: there is both or neither. A reservation is a lease, so that a gateway that dies blocks nobody for
long; whoever comes after draws a new holder, and the transaction of the one before then fails.

What was asked is compared by HMACs under a key of the vault, so the table tells nothing to whoever reads it. A password
has one of its own, which is dropped when the job ends: for a day it would be something to try passwords against.
"""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

import structlog

from backplane import ids
from backplane.db.models import IdempotencyKey
from backplane.db.repositories import idempotency
from backplane.db.session import Database
from backplane.errors import ApplicationError, IdempotencyInProgress, IdempotencyMismatch
from backplane.metrics import IDEMPOTENT_REQUESTS
from backplane.services.requests.reservations import Reservation
from backplane.services.requests.submission import Submission
from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for. Names of files are not in it: a client that tries again may have made a new one."""

    key: str
    method: str
    path: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    digests: Sequence[tuple[str, bytes]] = ()
    """SHA-256 of each file, with the name of its field, in their order."""
    password: str | None = field(default=None, repr=False)

    def encode(self) -> bytes:
        digests = [[name, digest.hex()] for name, digest in self.digests]
        parts = [self.method, self.path, self.fields, digests, self.password is not None]
        return json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Made:
    """What the first request under a key made, and the answer where it was kept."""

    kind: str
    object_id: UUID
    answer: bytes | None = field(default=None, repr=False)


class Idempotency:
    def __init__(self, database: Database, vault: LocalVault) -> None:
        self._database = database
        self._vault = vault

    async def once(
        self,
        submission: Submission,
        asked: Asked | None,
        *,
        create: Callable[[Submission], Awaitable[T]],
        again: Callable[[Made], Awaitable[T]],
    ) -> T:
        """Create, or answer again with what was created under the key.

        `create` gets the submission with the reservation in it, and calls `await submission.record(…)` in the
        transaction that creates. Where it raises, nothing was created, and the key is free again.

        Raises:
            IdempotencyInProgress: another request holds the key.
            IdempotencyMismatch: the key was used for something else.
        """
        if asked is None:
            return await create(submission)
        found = await self._begin(submission.account_id, asked)
        if isinstance(found, Made):
            IDEMPOTENT_REQUESTS.labels(outcome="replayed").inc()
            return await again(found)
        try:
            created = await create(replace(submission, once=found))
        except Exception:
            await self._release(found)
            raise
        IDEMPOTENT_REQUESTS.labels(outcome="created").inc()
        return created

    async def _begin(self, account_id: UUID, asked: Asked) -> Reservation | Made:
        macs = await asyncio.to_thread(self._macs, account_id, asked)
        key_id, fingerprint, password_mac = macs
        reservation = Reservation(self._vault, account_id=account_id, key_id=key_id, holder=ids.new())
        async with self._database.transaction() as session:
            if await idempotency.reserve(
                session,
                key_id=key_id,
                account_id=account_id,
                holder=reservation.holder,
                columns={"fingerprint": fingerprint, "password_mac": password_mac},
            ):
                return reservation
            known = await idempotency.of_account(session, account_id, key_id)
        return self._again(reservation, known, fingerprint, password_mac)

    def _again(
        self, reservation: Reservation, known: IdempotencyKey | None, fingerprint: bytes, password_mac: bytes | None
    ) -> Made:
        if known is not None and not _is_same(known, fingerprint, password_mac):
            IDEMPOTENT_REQUESTS.labels(outcome="mismatch").inc()
            raise IdempotencyMismatch
        # Where it is gone it was freed a moment ago, and is as good as under way: the next try takes it.
        if known is None or known.object_id is None or known.object_kind is None:
            IDEMPOTENT_REQUESTS.labels(outcome="in_progress").inc()
            raise IdempotencyInProgress
        answer = reservation.open(known.answer) if known.answer is not None else None
        return Made(known.object_kind, known.object_id, answer)

    def _macs(self, account_id: UUID, asked: Asked) -> tuple[bytes, bytes, bytes | None]:
        secret = self._vault.fingerprint_key()

        def mac(purpose: bytes, *parts: bytes) -> bytes:
            message = LABELS.fingerprint + b"".join(map(framed, (purpose, account_id.bytes, *parts)))
            return hmac.digest(secret, message, hashlib.sha256)

        key = asked.key.encode("ascii")
        password = mac(b"password", key, asked.password.encode()) if asked.password is not None else None
        return mac(b"key", key), mac(b"request", key, asked.encode()), password

    async def _release(self, reservation: Reservation) -> None:
        try:
            async with self._database.transaction() as session:
                await idempotency.release(session, reservation.key_id, reservation.holder)
        except ApplicationError:
            # The lease runs out by itself.
            log.warning("idempotency.release_failed")


def _is_same(known: IdempotencyKey, fingerprint: bytes, password_mac: bytes | None) -> bool:
    if not hmac.compare_digest(known.fingerprint, fingerprint):
        return False
    if known.password_mac is None or password_mac is None:
        return True
    return hmac.compare_digest(known.password_mac, password_mac)
