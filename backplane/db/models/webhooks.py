"""Who is told of the end of jobs and batches, what of, and how the telling went."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class WebhookEndpoint(Base):
    """A receiver. Its address and its secrets are under the account's key; nothing of either stands here in clear."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    url: Mapped[bytes | None]
    """Null of an account's default endpoint, whose secret signs what goes to a `webhook_url`."""
    secret: Mapped[bytes]
    previous_secret: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    """Until then the secret before signs beside the new one."""
    events: Mapped[list[str]]
    description: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(server_default="true")
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    """The first failure since something last got through."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("disabled_reason IN ('owner', 'gone', 'failing')", name="disabled_reason"),
        Index("ix_webhook_endpoints_account_id_id", "account_id", "id"),
        Index("uq_webhook_endpoints_default", "account_id", unique=True, postgresql_where=text("url IS NULL")),
    )


class WebhookEvent(Base):
    """Something that happened, once: the id of this row is the id of the message for ever.

    `subject_id` has no foreign key: the log of what was told outlives the job.
    """

    __tablename__ = "webhook_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    type: Mapped[str]
    subject_id: Mapped[UUID]
    seq: Mapped[int | None]
    """Which of its ends: `seq` of a job's last event. Null of a test message, of which there may be any number."""
    # JSON and not JSONB: what is sent again must be the same to the byte.
    data: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)

    __table_args__ = (UniqueConstraint("subject_id", "seq"),)


class WebhookDelivery(Base):
    """One event for one endpoint: what must still be sent, and what became of it."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_events.id", ondelete="CASCADE"))
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    url: Mapped[bytes | None]
    """An address that came with the job or batch, sealed as it is there; else the endpoint's counts."""
    status: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    """All of them. The number of the last is the fencing token of whoever makes it."""
    first_attempt: Mapped[int] = mapped_column(server_default="0")
    """How many were made before its owner had it sent again: the back-off counts from there."""
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When to send; while it is being sent, when to believe that the sender is dead."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        UniqueConstraint("event_id", "endpoint_id"),
        CheckConstraint("status IN ('pending', 'sending', 'delivered', 'failed')", name="status"),
        Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index(
            "ix_webhook_deliveries_unfinished",
            "due_at",
            postgresql_where=text("status IN ('pending', 'sending')"),
        ),
    )


class WebhookAttempt(Base):
    """One time that it was sent, written before it is."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[str | None]
    """Null while it is under way, or where the sender died and nobody has noticed."""
    status_code: Mapped[int | None]
    duration_ms: Mapped[int | None]
