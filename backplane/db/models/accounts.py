"""Table of accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, true
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Account(Base):
    """The owner of jobs, keys and webhooks. Its members are users."""

    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str | None]
    """Null for a personal account, which is shown by its user's address."""
    personal: Mapped[bool] = mapped_column(server_default=true())
    email: Mapped[str | None] = mapped_column(unique=True)
    """With `password_hash` and `operator`: a copy of the user's, for a gateway of the release before this one."""
    password_hash: Mapped[str | None]
    tier: Mapped[str]
    operator: Mapped[bool]
    kek_id: Mapped[UUID]
    """The id of the account key in the vault; the key itself is never in the database."""
    kek_version: Mapped[int]
    audit_key: Mapped[bytes | None]
    """The key of object names in the audit trail, sealed under the account key."""
    suspended_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
