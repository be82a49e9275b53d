"""Tables of login sessions, of their refresh tokens, and of what has been revoked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, false, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class LoginSession(Base):
    """What is known of a login. Its refresh tokens decide whether it is active."""

    __tablename__ = "login_sessions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    """The `family_id` of its refresh tokens."""
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    browser: Mapped[bool] = mapped_column(server_default=false())
    user_agent: Mapped[str | None]
    address: Mapped[str | None]
    """The address of the client when the session was last refreshed."""
    methods: Mapped[list[str]]
    """How the user authenticated: the values of `amr` (RFC 8176)."""
    auth_time: Mapped[datetime] = mapped_column(server_default=func.now())
    """When the user last proved who they are; a refresh proves nothing."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RefreshToken(Base):
    """One used or valid refresh token; only its SHA-256 is kept."""

    __tablename__ = "refresh_tokens"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    """The personal account of the user: it has the user's id."""
    family_id: Mapped[UUID] = mapped_column(index=True)
    """Shared by all tokens that descend from one login: a second use of any token revokes all of them (RFC 9700,
    section 4.14.2)."""
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
    browser: Mapped[bool] = mapped_column(server_default=false())
    """Whether it is in a cookie: such a token is valid nowhere else, and may be repeated for a moment."""
    successor_salt: Mapped[bytes | None]
    """With a browser's used token, it gives the next one. It is deleted when that one is used."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Revocation(Base):
    """A holder of rights whose rights ended or changed: a login session, a user, an account or an API key."""

    __tablename__ = "revocations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    holder_id: Mapped[UUID]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now(), index=True)
