"""Table of the one-time tokens of links in mails."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class OneTimeToken(Base):
    """A token that does one thing once. A used or expired one is kept for a while, to explain its link."""

    __tablename__ = "one_time_tokens"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    token_sha256: Mapped[bytes] = mapped_column(unique=True)
    """The token itself is in the mail alone. It has 32 random bytes, so that no salt is needed."""
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    """Null before there is a user."""
    sealed: Mapped[bytes | None]
    """What the token will do, sealed under the transit key of the day."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    expires_at: Mapped[datetime] = mapped_column(index=True)
    used_at: Mapped[datetime | None]
