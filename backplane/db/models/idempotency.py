from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class IdempotencyKey(Base):
    """One `Idempotency-Key` of one account: reserved while its request is under way, then what that request made.

    Neither the key nor anything of the request stands here, only HMACs under a key of the vault.
    """

    __tablename__ = "idempotency_keys"

    id: Mapped[bytes] = mapped_column(primary_key=True)
    """Of account and key."""
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[bytes]
    password_mac: Mapped[bytes | None]
    """Null where there was no password, and from the job's end on: nobody may try passwords against it for a day."""
    holder: Mapped[UUID]
    """Drawn for each attempt: who holds the reservation, and alone may create under it."""
    lease_until: Mapped[datetime]
    object_kind: Mapped[str | None]
    object_id: Mapped[UUID | None]
    """Null until the transaction that makes the object has committed."""
    answer: Mapped[bytes | None]
    """Sealed: an answer that cannot be given again from its object, because a secret was in it."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        Index("ix_idempotency_keys_passwords", "object_id", postgresql_where=text("password_mac IS NOT NULL")),
    )
