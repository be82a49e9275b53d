"""Table of erasures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, false, func, text
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Erasure(Base):
    """The erasure of an account; of a personal one with its user, who has the same id.

    No foreign key: the row outlives what it erases, and holds nothing about a person.
    """

    __tablename__ = "erasures"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    personal: Mapped[bool] = mapped_column(server_default=false())
    state: Mapped[str] = mapped_column(server_default="scheduled")
    requested_at: Mapped[datetime] = mapped_column(server_default=func.now())
    erase_at: Mapped[datetime]
    """When it begins. Until then it can be canceled, which removes the row."""
    backups_by: Mapped[datetime | None]
    """When the last backup with the account is deleted; null if nobody has said how long backups are kept."""
    done_at: Mapped[datetime | None]

    __table_args__ = (
        CheckConstraint("state IN ('scheduled', 'running', 'done')", name="state"),
        Index("uq_erasures_open", "account_id", unique=True, postgresql_where=text("state <> 'done'")),
        Index("ix_erasures_due", "erase_at", postgresql_where=text("state <> 'done'")),
    )
