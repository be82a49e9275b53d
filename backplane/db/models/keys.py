"""Table of file keys."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Key(Base):
    """The stored key file of one file key: under the vault, a password or recipients, never in plaintext."""

    __tablename__ = "keys"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"), index=True)
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("jobs.id", ondelete="SET NULL"), unique=True)
    """Null once the job is deleted: a key outlives its job, because copies of the encrypted picture may exist
    anywhere."""
    custody: Mapped[str]
    key_file: Mapped[bytes]
    image_header: Mapped[bytes]
    image_tag: Mapped[bytes]
    """Header and tag decrypt a picture that was saved again without its chunk (docs/reference/format.md,
    "Detached decryption")."""
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
