"""Tables of jobs, their events and the outbox."""

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
    """Without a foreign key, which would need an index: a batch is removed after the last of its jobs."""
    kind: Mapped[str]
    status: Mapped[str] = mapped_column(server_default="pending")
    stage: Mapped[str] = mapped_column(server_default="queued")
    progress: Mapped[int] = mapped_column(server_default="0")
    event_seq: Mapped[int] = mapped_column(server_default="0")
    """The last `seq` that an event of this job has."""

    # The claim: docs/explanation/reliability.md.
    attempts: Mapped[int] = mapped_column(server_default="0")
    fencing_token: Mapped[int] = mapped_column(server_default="0")
    lease_until: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    publications: Mapped[int] = mapped_column(server_default="0")
    priority: Mapped[int] = mapped_column(server_default="1")
    """0 before 1 before 2: interactive, a single picture, a batch."""
    turn: Mapped[int] = mapped_column(server_default="0")
    """Within a priority the smaller turn goes first: start-time fair queueing between accounts."""
    not_before: Mapped[datetime | None]
    """For a retried job: when it may be claimed."""
    cancel_requested_at: Mapped[datetime | None]
    retries: Mapped[int] = mapped_column(server_default="0")
    """How often its owner, or the operator, has retried it after a failure."""
    retention_days: Mapped[int | None]
    """How long it is kept after its end, as promised when it was accepted; null is forever."""
    retained_until: Mapped[datetime | None]
    """When the job itself is removed; null until it has ended. `expires_at` is the end of its result."""
    deleted_at: Mapped[datetime | None]
    """When its owner deleted it; the row is removed once its objects are deleted."""

    # What the caller requested.
    purity_requested: Mapped[str | None]
    layout_requested: Mapped[str | None]
    regions: Mapped[list[dict[str, int]] | None]
    """The only regions to encrypt, sorted; null encrypts everything."""
    share_encrypted: Mapped[float | None]
    """The share of the picture's pixels: above 0, at most 1; null for a job that encrypts nothing."""
    analyze: Mapped[bool] = mapped_column(server_default="false")
    options: Mapped[dict[str, Any] | None]
    """Of a kind with options of its own; encryptions have columns instead."""
    key_custody: Mapped[str | None]
    recipients: Mapped[list[str] | None]
    """Public keys, as text, that the file key is sealed for; null without recipients."""
    secret: Mapped[bytes | None]
    """What the worker needs to wrap or unwrap the key, sealed under the transit key; null once the job has ended."""
    webhook_url: Mapped[bytes | None]
    """Where to send its end, sealed under the account's key: the path of the address may hold a secret."""
    note: Mapped[bytes | None]
    """Its file name, and the reference and metadata of its owner, sealed under the account's key."""
    request_id: Mapped[str | None]

    # The outcome.
    estimated_ms: Mapped[int]
    base_ms: Mapped[int] = mapped_column(server_default="0")
    """The work estimated from size and options alone: measured times are compared with it."""
    reserved_bytes: Mapped[int] = mapped_column(server_default="0")
    """What its results may take at the most. It counts as stored until the job has ended, and the results then."""
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
    """The version of the analysis that is kept with the job; null without one."""
    error_code: Mapped[str | None]
    error_title: Mapped[str | None]
    error_detail: Mapped[str | None]
    """For its owner: why the picture was refused. Null if the title is enough, and for failed decryptions."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    """When its result stops being available."""

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
    """One event that the followers of a job receive; `seq` counts from 1 within the job, without a gap."""

    __tablename__ = "job_events"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Outbox(Base):
    """A job id that must still be published to the queue; written in the transaction that changes the job."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), index=True)
    due_at: Mapped[datetime] = mapped_column(server_default=func.now())
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
