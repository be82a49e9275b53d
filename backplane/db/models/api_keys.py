"""The table of API keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class ApiKey(Base):
    """A key of programs; of its text only a hash under a pepper of the vault is kept."""

    __tablename__ = "api_keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    created_by: Mapped[UUID | None]
    """The user, also where another API key of theirs made it; no foreign key: a user may leave, the key stays."""
    name: Mapped[str]
    prefix: Mapped[str]
    """The beginning of the text, to recognize it by."""
    hash: Mapped[bytes] = mapped_column(unique=True)
    """u32 pepper version ‖ HMAC-SHA-256."""
    scopes: Mapped[list[str]]
    rate_per_hour: Mapped[int | None]
    networks: Mapped[list[str] | None]
    """From where it may be used; null means from anywhere."""
    expires_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]
    """To the minute."""
    replaced_by: Mapped[UUID | None]
    grace_until: Mapped[datetime | None]
    """Until then a replaced key is valid beside its successor."""
    revoked_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_api_keys_account_id_id", "account_id", "id"),)
