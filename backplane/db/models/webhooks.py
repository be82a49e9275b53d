"""Tables of webhook endpoints, events, deliveries and attempts."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class WebhookEndpoint(Base):
    """A receiver. Its address and its secrets are sealed under the account's key; neither is here in plaintext."""

    __tablename__ = "webhook_endpoints"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    url: Mapped[bytes | None]
    """Null for an account's default endpoint, whose secret signs the messages to a `webhook_url`."""
    secret: Mapped[bytes]
    previous_secret: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]
    """Until then the previous secret signs beside the new one."""
    events: Mapped[list[str]]
    description: Mapped[str | None]
    enabled: Mapped[bool] = mapped_column(server_default="true")
    disabled_reason: Mapped[str | None]
    failing_since: Mapped[datetime | None]
    """The first failure since the last successful message."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("disabled_reason IN ('owner', 'gone', 'failing')", name="disabled_reason"),
        Index("ix_webhook_endpoints_account_id_id", "account_id", "id"),
        Index("uq_webhook_endpoints_default", "account_id", unique=True, postgresql_where=text("url IS NULL")),
    )


class WebhookEvent(Base):
    """One event: the id of this row is the id of its message, and never changes.

    `subject_id` has no foreign key: the log of messages outlives the job.
    """

    __tablename__ = "webhook_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    type: Mapped[str]
    subject_id: Mapped[UUID]
    seq: Mapped[int | None]
    """Which of the ends of its subject: the `seq` of a job's last event. Null for a test message; any number is
    allowed."""
    # JSON and not JSONB: a repeated message must be the same to the byte.
    data: Mapped[dict[str, Any]] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)

    __table_args__ = (UniqueConstraint("subject_id", "seq"),)


class WebhookDelivery(Base):
    """One event for one endpoint, and the state of its delivery."""

    __tablename__ = "webhook_deliveries"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    event_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_events.id", ondelete="CASCADE"))
    endpoint_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    url: Mapped[bytes | None]
    """The address that came with the job or batch, sealed as in its row; null means the endpoint's address."""
    status: Mapped[str] = mapped_column(server_default="pending")
    attempts: Mapped[int] = mapped_column(server_default="0")
    """The count of all attempts. The number of the last attempt is the fencing token of its sender."""
    first_attempt: Mapped[int] = mapped_column(server_default="0")
    """How many attempts came before its owner replayed it: the back-off counts from there."""
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    """When to send; during an attempt, when to consider its sender dead."""
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
    """One attempt to send a delivery, written before the attempt."""

    __tablename__ = "webhook_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(server_default=func.now())
    outcome: Mapped[str | None]
    """Null during the attempt, and after its sender has died unnoticed."""
    status_code: Mapped[int | None]
    duration_ms: Mapped[int | None]
