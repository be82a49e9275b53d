"""Reservations of idempotency keys: the right to create one object under a key."""

from uuid import UUID

from backplane.db.repositories import idempotency
from backplane.db.session import Session
from backplane.errors import IdempotencyInProgress
from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, framed


class Reservation:
    """A reservation of one attempt at one request; `fulfill`, in the creating transaction, uses it up."""

    def __init__(self, vault: LocalVault, *, account_id: UUID, key_id: bytes, holder: UUID) -> None:
        self._vault = vault
        self._account_id = account_id
        self.key_id = key_id
        self.holder = holder

    async def fulfill(self, session: Session, kind: str, object_id: UUID, *, answer: bytes | None = None) -> None:
        """Record the created object. Raises IdempotencyInProgress if another attempt holds the key by now."""
        sealed = self._seal(answer) if answer is not None else None
        columns = {"object_kind": kind, "object_id": object_id, "answer": sealed}
        if not await idempotency.fulfill(session, self.key_id, self.holder, **columns):
            raise IdempotencyInProgress

    def open(self, sealed: bytes) -> bytes:
        key = self._vault.transit_key(UUID(bytes=sealed[:16]))
        return key.open(sealed[16:], self._aad(key.id))

    def _seal(self, answer: bytes) -> bytes:
        # The transit key outlives the idempotency key, and the answer cannot be opened without the transit key.
        key = self._vault.transit_key_of_today()
        return key.id.bytes + key.seal(answer, self._aad(key.id))

    def _aad(self, transit_id: UUID) -> bytes:
        return LABELS.answer + framed(self._account_id.bytes) + framed(self.key_id) + framed(transit_id.bytes)
