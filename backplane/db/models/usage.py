"""Table of the usage ledger."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class UsageEntry(Base):
    """One entry of the ledger: the charge of one run of a job, or its refund. It is never changed.

    No foreign key to the job, which is removed long before the entry.
    """

    __tablename__ = "usage_entries"

    job_id: Mapped[UUID] = mapped_column(primary_key=True)
    run: Mapped[int] = mapped_column(primary_key=True)
    """How often the job had been retried or redriven when it was charged."""
    entry: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    kind: Mapped[str]
    """The kind of the job."""
    quantity: Mapped[int]
    """1 for a charge, -1 for a refund."""
    calls: Mapped[int]
    """1 for the first job of an API call, else 0. It is not refunded."""
    period: Mapped[date]
    """The first day of the account's month that the charge belongs to; a refund has the period of its charge."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (
        CheckConstraint("entry IN ('charge', 'refund')", name="entry"),
        Index("ix_usage_entries_account_id_period", "account_id", "period"),
        Index("ix_usage_entries_created_at", "created_at"),
    )
