"""Table of idempotency keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class IdempotencyKey(Base):
    """One `Idempotency-Key` of one account: reserved while its request is in progress, then the object that it made.

    It holds neither the key nor anything of the request, only HMACs under a key of the vault.
    """

    __tablename__ = "idempotency_keys"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    """The HMAC of account and key."""
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[bytes]
    password_mac: Mapped[bytes | None]
    """Null without a password, and after the job's end: otherwise an attacker could try passwords against it for a
    day."""
    holder: Mapped[UUID]
    """A random id of the attempt that holds the reservation: only this attempt may create an object under it."""
    lease_until: Mapped[datetime]
    object_kind: Mapped[str | None]
    object_id: Mapped[UUID | None]
    """Null until the transaction that makes the object has committed."""
    answer: Mapped[bytes | None]
    """An answer that cannot be rebuilt from its object, because it contains a secret; sealed."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_idempotency_keys_passwords", "object_id", postgresql_where=text("password_mac IS NOT NULL")),
    )
