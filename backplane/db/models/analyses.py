"""Table of the summaries of analyses."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from backplane.db.base import Base


class AnalysisSummary(Base):
    """The figures that trends are computed from: numbers of the *encrypted* picture, which its owner may publish.

    It holds no number that depends on the original, and none of two pictures that somebody sent to compare: those are
    only in the sealed analysis.
    """

    __tablename__ = "analysis_summaries"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("accounts.id", ondelete="CASCADE"))
    version: Mapped[int]
    letter: Mapped[str | None]
    entropy: Mapped[float | None]
    """Bits per byte."""
    correlation: Mapped[float | None]
    """The largest |r| of the three directions."""
    chi_square_p: Mapped[float | None]
    npcr: Mapped[float | None]
    """Per cent, between two ciphertexts."""
    uaci: Mapped[float | None]
    duration_ms: Mapped[float]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())

    __table_args__ = (Index("ix_analysis_summaries_account_id_created_at", "account_id", "created_at"),)
