"""Tables of accounts and refresh tokens."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, false, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Account(Base):
    __tablename__ = "accounts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    """Lower case: two spellings of one address are one account."""
    password_hash: Mapped[str]
    tier: Mapped[str]
    operator: Mapped[bool]
    kek_id: Mapped[UUID]
    """The id of the account key in the vault; the key itself is never in the database."""
    kek_version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())


class RefreshToken(Base):
    """One used or valid refresh token; only its SHA-256 is kept."""

    __tablename__ = "refresh_tokens"

    token_sha256: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
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
