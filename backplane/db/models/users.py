"""Tables of users, of their memberships in accounts, and of their identities at providers."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint, false, func
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
    passkey_handle: Mapped[bytes | None]
    """Random bytes by which authenticators know the user: they keep it in plaintext, so it tells nothing."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Membership(Base):
    """A user's role in an account."""

    __tablename__ = "memberships"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, index=True)
    role: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (CheckConstraint(f"role IN {ROLES}", name="role"),)


class UserIdentity(Base):
    """An identity at an identity provider, by which a user logs in."""

    __tablename__ = "user_identities"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    issuer: Mapped[str]
    subject: Mapped[str]
    """With the issuer, the identity: an address is none, it can be given to another person."""
    email_at_link: Mapped[str | None]
    """For the user to recognize it; it is never looked up."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (UniqueConstraint("issuer", "subject"),)
