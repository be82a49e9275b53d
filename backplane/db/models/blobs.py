"""Table of the objects in the store."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, Range
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class Blob(Base):
    """An object in the store that belongs to a job."""

    __tablename__ = "blobs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"))
    purpose: Mapped[str]
    """`input`, `result`, `material`, `analysis`, `report-html` or `report-pdf`; a second input file is `input-…`."""
    object_key: Mapped[str] = mapped_column(unique=True)
    size: Mapped[int]
    media_type: Mapped[str]
    sealed: Mapped[bytes | None]
    """The blob key and the file name, sealed under the transit key or, for kept blobs, under the account's key. Null
    for an encrypted image, which needs no second encryption."""
    taken: Mapped[Sequence[Range[int]] | None] = mapped_column(INT8MULTIRANGE)
    """For a decrypted picture: the bytes that its owner has received."""
    delete_after: Mapped[datetime | None] = mapped_column(index=True)
    deleted_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_blobs_job_id_purpose", "job_id", "purpose"),)
