"""Jobs, for their owners; `leases` has the statements of workers and of the sweeper."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy import delete as delete_rows

from backplane.db.models import Blob, Job, JobEvent
from backplane.db.repositories import fair_queue
from backplane.db.repositories.notes import jobs_with
from backplane.db.repositories.outbox import enqueue
from backplane.db.session import ReadSession, Session

QUEUED = {"progress": 0, "stage": "queued"}
PAST = (
    "lease_until",
    "not_before",
    "published_at",
    "cancel_requested_at",
    "error_code",
    "error_title",
    "error_detail",
    "started_at",
    "completed_at",
    "retained_until",
    "expires_at",
)
"""The columns that are reset when a job is retried."""


async def add(session: Session, job: Job) -> None:
    """Write the job with its turn in the queue, its first event and the intent to publish it."""
    await fair_queue.enter(session, job)
    job.event_seq = 1
    session.add(job)
    await session.flush()
    session.add(JobEvent(job_id=job.id, seq=1, type="progress", payload=dict(QUEUED)))
    await enqueue(session, job.id)


def _of_account(account_id: UUID) -> Select[Job]:
    """Select an owner's jobs, always through here: a deleted job has no owner any more."""
    return select(Job).where(Job.account_id == account_id, Job.deleted_at.is_(None))


async def of_account(session: ReadSession, account_id: UUID, job_id: UUID) -> Job | None:
    job: Job | None = await session.scalar(_of_account(account_id).where(Job.id == job_id))
    return job


async def lock(session: Session, job_id: UUID, *, account_id: UUID | None = None) -> Job | None:
    """Find and lock a job for a change: nobody else changes it before the transaction ends."""
    query = select(Job).where(Job.deleted_at.is_(None)) if account_id is None else _of_account(account_id)
    job: Job | None = await session.scalar(query.where(Job.id == job_id).with_for_update())
    return job


async def several_of_account(session: ReadSession, account_id: UUID, job_ids: Sequence[UUID]) -> list[Job]:
    rows = await session.scalars(_of_account(account_id).where(Job.id.in_(job_ids)))
    return list(rows)


async def count_unfinished(session: ReadSession, account_id: UUID) -> dict[str, int]:
    """Count an account's jobs that have not ended, by status."""
    query = select(Job.status, func.count().label("number")).where(
        Job.account_id == account_id, Job.status.in_(("pending", "processing"))
    )
    return {row.status: row.number for row in await session.execute(query.group_by(Job.status))}


async def any_unfinished(session: ReadSession, account_id: UUID, kind: str) -> bool:
    """Return whether a job of a kind has not ended."""
    unfinished = (Job.kind == kind, Job.status.in_(("pending", "processing")))
    return await session.scalar(select(Job.id).where(Job.account_id == account_id, *unfinished).limit(1)) is not None


async def page(
    session: ReadSession,
    account_id: UUID,
    *,
    limit: int,
    before: UUID | None,
    created_after: datetime | None = None,
    created_before: datetime | None = None,
    between: tuple[UUID, UUID] | None = None,
    terms: Sequence[Collection[bytes]] = (),
    **same: str | None,
) -> list[Job]:
    """Return jobs, newest first, as UUIDv7 ids are ordered by creation; `same` maps columns to wanted values."""
    wanted = [
        before is not None and Job.id < before,
        created_after is not None and Job.created_at >= created_after,
        created_before is not None and Job.created_at < created_before,
        between is not None and Job.id.between(*between),
        *(value is not None and getattr(Job, name) == value for name, value in same.items()),
    ]
    asked = [condition for condition in wanted if condition is not False] + jobs_with(terms)
    return list(await session.scalars(_of_account(account_id).where(*asked).order_by(Job.id.desc()).limit(limit)))


async def expire_with_result(session: Session, job_id: UUID, *, seconds: int) -> None:
    """Set the result to expire in so many seconds; never later than an earlier deadline."""
    moment = func.now() + timedelta(seconds=seconds)
    # For a job that is kept forever `expires_at` is null, which least() ignores.
    await session.execute(update(Job).where(Job.id == job_id).values(expires_at=func.least(Job.expires_at, moment)))


async def request_cancel(session: Session, job: Job) -> None:
    """Record that the owner of a locked job wants to cancel it; the first time is kept."""
    job.cancel_requested_at = job.cancel_requested_at or func.now()
    await session.flush()


async def queue_again(session: Session, job: Job) -> JobEvent:
    """Put a locked, failed job back into the queue as if it had never been tried; its events continue."""
    await fair_queue.enter(session, job)
    job.status, job.stage, job.progress = "pending", "queued", 0
    job.attempts, job.retries, job.publications = 0, job.retries + 1, 0
    job.fencing_token, job.event_seq = job.fencing_token + 1, job.event_seq + 1
    for name in PAST:
        setattr(job, name, None)
    event = JobEvent(job_id=job.id, seq=job.event_seq, type="progress", payload=dict(QUEUED))
    session.add(event)
    await session.flush()
    await enqueue(session, job.id)
    return event


async def delete(session: Session, job: Job) -> None:
    """Make a locked job invisible; its row is removed once its objects are gone."""
    job.deleted_at = func.now()
    job.secret = None
    await session.flush()


async def outlived(session: Session, *, limit: int = 100) -> list[Job]:
    """Lock jobs whose retention is over."""
    rows = await session.scalars(
        select(Job)
        .where(Job.retained_until <= func.now(), Job.deleted_at.is_(None))
        .order_by(Job.retained_until)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(rows)


async def remove_deleted(session: Session, *, limit: int = 100) -> int:
    """Remove deleted jobs whose objects are all gone, with everything that belongs to them except their keys."""
    left = select(Blob.id).where(Blob.job_id == Job.id, Blob.deleted_at.is_(None)).exists()
    over = select(Job.id).where(Job.deleted_at.is_not(None), ~left).limit(limit).with_for_update(skip_locked=True)
    rows = await session.scalars(delete_rows(Job).where(Job.id.in_(over)).returning(Job.id))
    return len(list(rows))


async def forget_secrets(session: Session, job_ids: Collection[UUID]) -> None:
    """Delete the secrets of failed jobs: their input is gone, so they cannot be retried."""
    await session.execute(
        update(Job).where(Job.id.in_(job_ids), Job.status == "failed", Job.secret.is_not(None)).values(secret=None)
    )


async def longest_retention_days(session: Session) -> int | None:
    """Return the longest retention of all jobs; None if a job is kept forever, or if there is no job."""
    longest, counted, promised = (
        await session.execute(select(func.max(Job.retention_days), func.count(), func.count(Job.retention_days)))
    ).one()
    return longest if counted == promised else None
