"""Jobs as their owners see them; what the holder of a lease and the sweeper do is in `leases`."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backplane.db.models import Job, JobEvent
from backplane.db.repositories import turns
from backplane.db.repositories.outbox import ring

EVENTS_AT_ONCE = 1000


async def add(session: AsyncSession, job: Job) -> None:
    """Write the job at its place in the queue, its first event and the intent to tell the queue."""
    await turns.queue_up(session, job)
    job.event_seq = 1
    session.add(job)
    await session.flush()
    session.add(JobEvent(job_id=job.id, seq=1, type="progress", payload={"progress": 0, "stage": "queued"}))
    await ring(session, job.id)


def _of_account(account_id: UUID) -> Select[Job]:
    """The only way to an owner's jobs: a deleted one is nobody's any more."""
    return select(Job).where(Job.account_id == account_id, Job.deleted_at.is_(None))


async def of_account(session: AsyncSession, account_id: UUID, job_id: UUID) -> Job | None:
    job: Job | None = await session.scalar(_of_account(account_id).where(Job.id == job_id))
    return job


async def several_of_account(session: AsyncSession, account_id: UUID, job_ids: Sequence[UUID]) -> list[Job]:
    rows = await session.scalars(_of_account(account_id).where(Job.id.in_(job_ids)))
    return list(rows)


async def page(
    session: AsyncSession, account_id: UUID, *, limit: int, before: UUID | None, status: str | None, kind: str | None
) -> list[Job]:
    """Newest first; ids are UUIDv7, so their order is that of creation."""
    query = _of_account(account_id).order_by(Job.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Job.id < before)
    if status is not None:
        query = query.where(Job.status == status)
    if kind is not None:
        query = query.where(Job.kind == kind)
    return list(await session.scalars(query))


async def events_after(session: AsyncSession, job_id: UUID, seq: int) -> list[JobEvent]:
    rows = await session.scalars(
        select(JobEvent)
        .where(JobEvent.job_id == job_id, JobEvent.seq > seq)
        .order_by(JobEvent.seq)
        .limit(EVENTS_AT_ONCE)
    )
    return list(rows)


async def expire_with_result(session: AsyncSession, job_id: UUID, *, seconds: int) -> None:
    await session.execute(
        update(Job).where(Job.id == job_id).values(expires_at=func.now() + timedelta(seconds=seconds))
    )
