"""Table of the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class AuditEvent(Base):
    """One audit entry: who did what to which object, and its outcome. No foreign keys: an entry outlives its object."""

    __tablename__ = "audit_events"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    action: Mapped[str]
    outcome: Mapped[str]
    account_id: Mapped[UUID | None]
    object_id: Mapped[UUID | None]
    request_id: Mapped[str | None]
    details: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_audit_events_account_id_created_at", "account_id", "created_at"),)
