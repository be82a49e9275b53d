from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Identity, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base
from backplane.kinds import KINDS


class Job(Base):
    __tablename__ = "jobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    batch_id: Mapped[UUID | None]
    """Without a foreign key, which would cost an index: a batch goes when none of its jobs is there any more."""
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    stage: Mapped[str] = mapped_column(server_default="queued")
    progress: Mapped[int] = mapped_column(server_default="0")
    event_seq: Mapped[int] = mapped_column(server_default="0")
    """The last `seq` given to an event of this job."""

    # The claim: docs/explanation/reliability.md.
    attempts: Mapped[int] = mapped_column(server_default="0")
    fencing_token: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    publications: Mapped[int] = mapped_column(server_default="0")
    priority: Mapped[int] = mapped_column(server_default="1")
    """0 before 1 before 2: what somebody waits for, a picture of its own, a batch."""
    turn: Mapped[int] = mapped_column(server_default="0")
    """Within a priority the smaller turn goes first: start-time fair queueing between accounts."""
    not_before: Mapped[datetime | None]
    """Of a job that is tried again: the moment from which it may be claimed."""
    cancel_requested_at: Mapped[datetime | None]
    retries: Mapped[int] = mapped_column(server_default="0")
    """How often its owner, or the operator, has sent it back after it had failed."""
    retention_days: Mapped[int | None]
    """For how long it is kept once it has ended, as promised when it was accepted; null is forever."""
    retained_until: Mapped[datetime | None]
    """Null until it has ended. Unlike `expires_at` not of the picture that a decrypt job made, but of the job."""
    deleted_at: Mapped[datetime | None]
    """Gone for its owner; the row follows when its objects are deleted."""

    # What was asked.
    purity_requested: Mapped[str | None]
    layout_requested: Mapped[str | None]
    regions: Mapped[list[dict[str, int]] | None]
    """The only parts to encrypt, sorted; null where everything is."""
    share_encrypted: Mapped[float | None]
    """Of the picture's pixels: above 0, at most 1; null where nothing is encrypted."""
    analyze: Mapped[bool] = mapped_column(server_default="false")
    key_custody: Mapped[str | None]
    recipients: Mapped[list[str] | None]
    """Public keys, as text, that the file key is sealed for; null where there are none."""
    secret: Mapped[bytes | None]
    """What the worker needs to wrap or unwrap the key, under the transit key; null once the job has ended."""
    webhook_url: Mapped[bytes | None]
    """Where to send its end, under the account's key: the path of such an address may hold a secret."""
    note: Mapped[bytes | None]
    """Its file name, and the reference and metadata of its owner, under the account's key."""
    request_id: Mapped[str | None]

    # What came of it.
    estimated_ms: Mapped[int]
    base_ms: Mapped[int] = mapped_column(server_default="0")
    """The work as it is estimated from size and options alone: what measured times are compared with."""
    purity_served: Mapped[str | None]
    purity_reason: Mapped[str | None]
    layout: Mapped[str | None]
    layout_reason: Mapped[str | None]
    key_id: Mapped[UUID | None]
    image: Mapped[dict[str, Any] | None]
    warnings: Mapped[list[str]] = mapped_column(server_default="[]")
    # JSON and not JSONB, which would sort the stages by the length of their names.
    metrics: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    receipt: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    analysis_version: Mapped[int | None]
    """Of the analysis that is kept with the job; null where there is none."""
    error_code: Mapped[str | None]
    error_title: Mapped[str | None]
    error_detail: Mapped[str | None]
    """For its owner: what of this picture was refused. Null where the title says all, and of what did not open."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """From when on its result is no longer available."""

    __table_args__ = (
        CheckConstraint(f"kind IN {tuple(KINDS)}", name="kind"),
        CheckConstraint("status IN ('pending', 'processing', 'completed', 'failed', 'cancelled')", name="status"),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress"),
        Index("ix_jobs_account_id_id", "account_id", "id"),
        Index(
            "ix_jobs_unfinished", "status", "lease_until", postgresql_where=text("status IN ('pending', 'processing')")
        ),
        Index("ix_jobs_waiting", "priority", "turn", "id", postgresql_where=text("status = 'pending'")),
        Index(
            "ix_jobs_turns",
            "account_id",
            "priority",
            "turn",
            postgresql_where=text("status IN ('pending', 'processing')"),
        ),
        Index("ix_jobs_kind_completed_at", "kind", "completed_at", postgresql_where=text("status = 'completed'")),
        Index("ix_jobs_retained_until", "retained_until", postgresql_where=text("retained_until IS NOT NULL")),
        Index("ix_jobs_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )


class JobEvent(Base):
    """One thing that a job's followers are told; `seq` is dense from 1 within the job."""

    __tablename__ = "job_events"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Outbox(Base):
    """A job id that must still be told to the queue; written in the transaction that makes it true."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
