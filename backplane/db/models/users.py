"""Tables of users and of their memberships in accounts."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, false, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base

ROLES = ("owner", "admin", "member", "auditor")


class User(Base):
    """A person who logs in. The personal account of a user has the same id."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case: two spellings of one address are one user."""
    email_verified_at: Mapped[datetime | None]
    password_hash: Mapped[str | None]
    """Null for a user who logs in by other means only."""
    password_changed_at: Mapped[datetime | None]
    operator: Mapped[bool] = mapped_column(server_default=false())
    suspended_at: Mapped[datetime | None]
    audit_key: Mapped[bytes | None]
    """The key of this person's fields in the audit trail, sealed under the key of the personal account."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Membership(Base):
    """A user's role in an account."""

    __tablename__ = "memberships"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint(f"role IN {ROLES}", name="role"),)
