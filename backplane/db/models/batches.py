from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Batch(Base):
    """Pictures that came in one request. How many of them are done is counted from their jobs and kept nowhere."""

    __tablename__ = "batches"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    endings: Mapped[int] = mapped_column(server_default="0")
    """How often the last of its jobs has ended: a retry of what failed opens the batch again."""
    webhook_url: Mapped[bytes | None]
    """Where its end is to be told, under the account's key, as of a job."""
    note: Mapped[bytes | None]
    """The reference and metadata of its owner, under the account's key."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    completed_at: Mapped[datetime | None]
    """Null while any of its jobs has not ended."""
    retention_days: Mapped[int | None]
    retained_until: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    """Gone for its owner; the row follows when its jobs are gone."""

    __table_args__ = (
        Index("ix_batches_account_id_id", "account_id", "id"),
        Index("ix_batches_retained_until", "retained_until", postgresql_where=text("retained_until IS NOT NULL")),
        Index("ix_batches_deleted_at", "deleted_at", postgresql_where=text("deleted_at IS NOT NULL")),
    )


class BatchItem(Base):
    """One picture of a batch: the job that it became, or why it was refused at the door."""

    __tablename__ = "batch_items"

    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    """Its place in what was sent, from 0."""
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), unique=True)
    file_name: Mapped[bytes | None]
    """The name that it was sent under, under the account's key: names of files tell of persons."""
    error_code: Mapped[str | None]
    error_title: Mapped[str | None]
    error_detail: Mapped[str | None]
    """Why it was refused; what becomes of a job stands with the job."""
