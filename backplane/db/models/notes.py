"""Tables of the blind index of notes: keyed digests of the terms by which jobs and batches are found."""

from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class JobTerm(Base):
    """A reference, or a pair of metadata, as an HMAC: within an account equal terms have equal HMACs."""

    __tablename__ = "job_terms"

    # The column order matters: the jobs of a term are read from the index, newest first.
    term: Mapped[bytes] = mapped_column(primary_key=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True, index=True)


class BatchTerm(Base):
    __tablename__ = "batch_terms"

    term: Mapped[bytes] = mapped_column(primary_key=True)
    batch_id: Mapped[UUID] = mapped_column(ForeignKey("batches.id", ondelete="CASCADE"), primary_key=True, index=True)
