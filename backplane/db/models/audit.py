"""Tables of the audit trail. No foreign keys: an entry outlives its object."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import FetchedValue, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class AuditEvent(Base):
    """One audit entry: who did what to which object, and its outcome.

    An act inserts it without a number; the sealer gives it its place in the chain of the account, or of the system.
    A trigger refuses every other change, and every deletion.
    """

    __tablename__ = "audit_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    action: Mapped[str]
    outcome: Mapped[str]
    account_id: Mapped[UUID | None]
    object_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    actor: Mapped[str | None]
    user_id: Mapped[UUID | None]
    api_key_id: Mapped[UUID | None]
    role: Mapped[str | None]
    person: Mapped[bytes | None]
    """Person fields until the entry is sealed: a month, and the fields under that month's key of the installation."""
    # An INSERT of the application names none of these, because its role may not: the sealer sets them.
    seq: Mapped[int | None] = mapped_column(server_default=FetchedValue())
    prev: Mapped[bytes | None] = mapped_column(server_default=FetchedValue())
    hash: Mapped[bytes | None] = mapped_column(server_default=FetchedValue())
    payload: Mapped[str | None] = mapped_column(server_default=FetchedValue())
    """What is hashed: canonical JSON."""

    __table_args__ = (
        Index("ix_audit_events_account_id_created_at", "account_id", "created_at"),
        Index("ix_audit_events_account_id_object_id", "account_id", "object_id"),
        Index(
            "ix_audit_events_account_id_seq",
            "account_id",
            "seq",
            unique=True,
            postgresql_where=text("seq IS NOT NULL"),
            postgresql_nulls_not_distinct=True,
        ),
        Index("ix_audit_events_unsealed", "id", postgresql_where=text("seq IS NULL")),
    )


class AuditChain(Base):
    """The head of a chain: the number and hash of its last row, and of its last row under a checkpoint."""

    __tablename__ = "audit_chains"

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[bytes]
    checked_seq: Mapped[int | None]
    checked_hash: Mapped[bytes | None]

    __table_args__ = (
        Index("ix_audit_chains_unchecked", "chain_id", postgresql_where=text("checked_seq IS DISTINCT FROM seq")),
    )


class AuditCheckpoint(Base):
    """A signed root of the tree over the heads of all chains."""

    __tablename__ = "audit_checkpoints"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    root: Mapped[bytes]
    size: Mapped[int]
    time: Mapped[datetime]
    signer: Mapped[str]
    signature: Mapped[bytes]


class AuditProof(Base):
    """The proof that a checkpoint covers a chain up to a row; only of chains that grew since the checkpoint before."""

    __tablename__ = "audit_proofs"

    chain_id: Mapped[UUID] = mapped_column(primary_key=True)
    checkpoint: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int]
    hash: Mapped[bytes]
    place: Mapped[int]
    path: Mapped[bytes]
