"""Tables of the rules on the audit trail: what they have yet to look at, what they remember, and what they found."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class SecurityObservation(Base):
    """A sealed audit entry that the rules have yet to look at; the sealer writes it, in the order of the entries.

    Addresses and devices are pseudonyms, under the audit key of the entry.
    """

    __tablename__ = "security_observations"

    id: Mapped[int] = mapped_column(Identity(always=False), primary_key=True)
    at: Mapped[datetime]
    signal: Mapped[str]
    account_id: Mapped[UUID | None]
    user_id: Mapped[UUID | None]
    api_key_id: Mapped[UUID | None]
    object_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    address: Mapped[bytes | None]
    network: Mapped[bytes | None]
    device: Mapped[bytes | None]
    facts: Mapped[dict[str, Any]]


class SecurityTally(Base):
    """What a rule remembers of one subject, such as the failed log-ins of a user in the last hour."""

    __tablename__ = "security_tallies"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    """SHA-256 of the rule and the subject."""
    rule: Mapped[str]
    state: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class SecurityEvent(Base):
    """Something that a rule found. A repetition within a day updates it, unless it is acknowledged."""

    __tablename__ = "security_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    """Null if it concerns the installation: then it is for operators."""
    user_id: Mapped[UUID | None]
    """Whom it concerns. No foreign key: the finding outlives the user."""
    rule: Mapped[str]
    subject: Mapped[bytes]
    """The key of its tally."""
    severity: Mapped[str]
    count: Mapped[int]
    facts: Mapped[dict[str, Any]]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[UUID | None]

    __table_args__ = (
        CheckConstraint("severity IN ('low', 'medium', 'high')", name="severity"),
        Index("ix_security_events_account_id_id", "account_id", "id"),
        Index("ix_security_events_subject", "subject", "last_at"),
        Index("ix_security_events_open", "account_id", postgresql_where=text("acknowledged_at IS NULL")),
    )
