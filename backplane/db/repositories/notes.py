"""The blind index of notes: written with a job or batch, and searched."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select

from backplane.db.models import Batch, BatchTerm, Job, JobTerm
from backplane.db.session import Session


async def add_job_terms(session: Session, job_id: UUID, terms: Sequence[bytes]) -> None:
    session.add_all(JobTerm(job_id=job_id, term=term) for term in terms)
    await session.flush()


async def add_batch_terms(session: Session, batch_id: UUID, terms: Sequence[bytes]) -> None:
    session.add_all(BatchTerm(batch_id=batch_id, term=term) for term in terms)
    await session.flush()


def jobs_with(terms: Sequence[Collection[bytes]]) -> list[ColumnElement[bool]]:
    """Demand of a job one term of each collection."""
    return [Job.id.in_(select(JobTerm.job_id).where(JobTerm.term.in_(among))) for among in terms]


def batches_with(terms: Sequence[Collection[bytes]]) -> list[ColumnElement[bool]]:
    """Demand of a batch one term of each collection."""
    return [Batch.id.in_(select(BatchTerm.batch_id).where(BatchTerm.term.in_(among))) for among in terms]
