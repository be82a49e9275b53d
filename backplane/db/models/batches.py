"""Tables of batches and their items."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Batch(Base):
    """Pictures that came in one request. The number of finished pictures is counted from their jobs and not stored."""

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    submitted_by: Mapped[UUID | None]
    """The user; null for an API key. No foreign key: a user may leave, the batch stays."""
    endings: Mapped[int] = mapped_column(server_default="0")
    """How often the last of its jobs has ended: a retry of what failed opens the batch again."""
    webhook_url: Mapped[bytes | None]
    """Where to send its end, sealed under the account's key, as for a job."""
    note: Mapped[bytes | None]
    """The reference and metadata of its owner, sealed under the account's key."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    completed_at: Mapped[datetime | None]
    """Null until all of its jobs have ended."""
    retention_days: Mapped[int | None]
    retained_until: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    """When its owner deleted it; the row is removed once its jobs are removed."""

    __table_args__ = (
        Index("ix_batches_account_id_id", "account_id", "id"),
        Index("ix_batches_retained_until", "retained_until", postgresql_where=text("retained_until IS NOT NULL")),
        Index("ix_batches_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )


class BatchItem(Base):
    """One picture of a batch: its job, or the reason why it was refused on arrival."""

    __tablename__ = "batch_items"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    """Its position in the request, from 0."""
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    file_name: Mapped[bytes | None]
    """Its file name, sealed under the account's key: file names can identify persons."""
    error_code: Mapped[str | None]
    error_title: Mapped[str | None]
    error_detail: Mapped[str | None]
    """Why it was refused; errors of a job are in the job's row."""
