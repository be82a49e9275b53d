"""Idempotency keys: a repeated request with the same `Idempotency-Key` has no second effect.

A key is reserved for a request once all of the request has arrived. The transaction that creates an object records it
in the reservation's row, so both exist or neither. A reservation is a lease, so that a crashed gateway blocks nobody
for long. The next attempt sets a new holder, and then the transaction of the previous holder fails.

Requests are compared by HMACs under a key of the vault, so the table reveals nothing. A password has a separate HMAC,
which is deleted when the job ends: otherwise an attacker could try passwords against it for a day.
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
    """The content of a request, for comparison; without file names, because a client that retries may use new ones."""

    key: str
    method: str
    path: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    digests: Sequence[tuple[str, bytes]] = ()
    """SHA-256 of each file, with the name of its field, in order."""
    password: str | None = field(default=None, repr=False)

    def encode(self) -> bytes:
        digests = [[name, digest.hex()] for name, digest in self.digests]
        parts = [self.method, self.path, self.fields, digests, self.password is not None]
        return json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True)
class Made:
    """The object that the first request under a key made, and the answer if it was kept."""

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
        """Create an object, or answer with the object that was already created under the key.

        `create` gets the submission with the reservation, and calls `await submission.record(…)` in its transaction. If
        it raises, nothing was created, and the key is released.

        Raises:
            IdempotencyInProgress: another request holds the key.
            IdempotencyMismatch: the key was used for a different request.
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
        # A missing row was released a moment ago. Treat it as in progress: the next try reserves it.
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
            # The lease expires by itself.
            log.warning("idempotency.release_failed")


def _is_same(known: IdempotencyKey, fingerprint: bytes, password_mac: bytes | None) -> bool:
    if not hmac.compare_digest(known.fingerprint, fingerprint):
        return False
    if known.password_mac is None or password_mac is None:
        return True
    return hmac.compare_digest(known.password_mac, password_mac)
