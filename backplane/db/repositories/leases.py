"""Jobs as the holder of a lease and the sweeper see them: claimed, kept, given back, ended. docs/reliability.md."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from backplane.db.models import Job, JobEvent, Outbox
from backplane.db.repositories.outbox import ring

LEASE_SECONDS = 15
MAX_ATTEMPTS = 3


def _lease() -> Any:
    return func.now() + timedelta(seconds=LEASE_SECONDS)


def head() -> Select[UUID]:
    """Find and lock the job whose turn it is, past those that another is taking at this moment."""
    return (
        select(Job.id)
        .where(
            Job.status == "pending",
            Job.attempts < MAX_ATTEMPTS,
            Job.not_before.is_(None) | (Job.not_before <= func.now()),
        )
        .order_by(Job.priority, Job.turn, Job.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )


async def claim(session: AsyncSession) -> Job | None:
    """Take the job whose turn it is, in one statement; None where nothing waits."""
    job: Job | None = await session.scalar(
        update(Job)
        # As a scalar it is run once: behind IN the planner may join it, and lock and take more than one.
        .where(Job.id == head().scalar_subquery())
        .values(
            status="processing",
            attempts=Job.attempts + 1,
            fencing_token=Job.fencing_token + 1,
            lease_until=_lease(),
            started_at=func.coalesce(Job.started_at, func.now()),
        )
        .returning(Job)
    )
    return job


async def heartbeat(session: AsyncSession, job_id: UUID, fencing_token: int) -> bool:
    """Extend the lease; False where it is no longer ours."""
    return await _write_as_holder(session, job_id, fencing_token, lease_until=_lease()) is not None


async def release(session: AsyncSession, job_id: UUID, fencing_token: int) -> bool:
    """Give the job back to the queue: the next attempt need not wait for the lease to run out."""
    held = await _write_as_holder(session, job_id, fencing_token, status="pending", lease_until=None)
    if held is not None:
        await ring(session, job_id)
    return held is not None


async def append_event(
    session: AsyncSession,
    job_id: UUID,
    fencing_token: int,
    *,
    type_: str,
    payload: dict[str, Any],
    statuses: Sequence[str] = ("processing",),
    unless_cancelled: bool = False,
    **columns: Any,
) -> JobEvent | None:
    """Number and write an event as the holder of the lease; None where the lease is lost. `columns` change with it."""
    columns |= {"event_seq": Job.event_seq + 1}
    conditions = (Job.cancel_requested_at.is_(None),) if unless_cancelled else ()
    seq = await _write_as_holder(session, job_id, fencing_token, *conditions, statuses=statuses, **columns)
    if seq is None:
        return None
    event: JobEvent | None = await session.scalar(
        insert(JobEvent).values(job_id=job_id, seq=seq, type=type_, payload=payload).returning(JobEvent)
    )
    return event


def ended(status: str, **columns: Any) -> dict[str, Any]:
    """The columns of a job that has ended: no lease, and no secret any more unless it may be tried again."""
    gone = {} if status == "failed" else {"secret": None}
    return {"status": status, "lease_until": None, "completed_at": func.now(), **gone, **columns}


async def _write_as_holder(
    session: AsyncSession,
    job_id: UUID,
    fencing_token: int,
    *conditions: ColumnElement[bool],
    statuses: Sequence[str] = ("processing",),
    **columns: Any,
) -> int | None:
    seq: int | None = await session.scalar(
        update(Job)
        .where(Job.id == job_id, Job.status.in_(statuses), Job.fencing_token == fencing_token, *conditions)
        .values(**columns)
        .returning(Job.event_seq)
    )
    return seq


async def reclaim_expired(session: AsyncSession) -> list[UUID]:
    """Put jobs whose worker has gone silent back into the queue, and fence the silent worker off."""
    rows = await session.scalars(
        update(Job)
        .where(Job.status == "processing", Job.lease_until < func.now(), Job.attempts < MAX_ATTEMPTS)
        .values(status="pending", lease_until=None, fencing_token=Job.fencing_token + 1)
        .returning(Job.id)
    )
    job_ids = list(rows)
    for job_id in job_ids:
        await ring(session, job_id)
    return job_ids


async def worn_out(session: AsyncSession) -> list[Job]:
    """Jobs that have taken their last attempt down with them, locked for their end."""
    rows = await session.scalars(
        select(Job)
        .where(Job.status == "processing", Job.lease_until < func.now(), Job.attempts >= MAX_ATTEMPTS)
        .with_for_update(skip_locked=True)
    )
    return list(rows)


async def ring_unheard(session: AsyncSession, *, first_wait_seconds: int = 30) -> list[UUID]:
    """Tell the queue again of pending jobs that nobody took: it may have lost them. The wait doubles each time."""
    wait = timedelta(seconds=first_wait_seconds) * func.power(2, func.least(Job.publications - 1, 6))
    rows = await session.scalars(
        select(Job.id).where(
            Job.status == "pending",
            Job.published_at + wait < func.now(),
            ~select(Outbox.id).where(Outbox.job_id == Job.id).exists(),
        )
    )
    job_ids = list(rows)
    for job_id in job_ids:
        await ring(session, job_id)
    return job_ids
