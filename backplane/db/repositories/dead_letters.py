"""Jobs that wore their workers out: what an operator looks at, whoever owns them."""

from uuid import UUID

from sqlalchemy import Select, func, select

from backplane.db.models import Blob, Job
from backplane.db.session import ReadSession, Session
from backplane.errors import POISON


def _dead() -> Select[Job]:
    return select(Job).where(Job.status == "failed", Job.error_code == POISON.code, Job.deleted_at.is_(None))


async def page(session: ReadSession, *, limit: int, before: UUID | None) -> list[Job]:
    """Newest first; ids are UUIDv7, so their order is that of creation."""
    query = _dead().order_by(Job.id.desc()).limit(limit)
    return list(await session.scalars(query.where(Job.id < before) if before is not None else query))


async def lock(session: Session, job_id: UUID) -> Job | None:
    """Find a dead letter for whoever is about to send it again."""
    job: Job | None = await session.scalar(_dead().where(Job.id == job_id).with_for_update())
    return job


async def with_inputs(session: ReadSession, job_ids: list[UUID]) -> set[UUID]:
    """Tell of which jobs what was sent for them is still there, and so can be tried again."""
    there = (
        Blob.purpose.startswith("input", autoescape=True),
        Blob.deleted_at.is_(None),
        Blob.delete_after > func.now(),
    )
    return set(await session.scalars(select(Blob.job_id).where(Blob.job_id.in_(job_ids), *there)))


async def count(session: Session) -> int:
    return await session.scalar(select(func.count()).select_from(_dead().subquery())) or 0
