"""Leases: workers claim, keep and release jobs; the sweeper recovers them. See docs/explanation/reliability.md."""

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, update

from backplane.db.models import Job, JobEvent, Outbox
from backplane.db.repositories.outbox import enqueue, enqueue_all
from backplane.db.session import Session
from backplane.db.work import JobWork

LEASE_SECONDS = 15
MAX_ATTEMPTS = 3
UNCLAIMED_SECONDS = 20
"""With the sweeper's interval of five seconds still within the half minute in which a job must start again."""

# Text, because each runs at least once per job: building them each time took a third of the worker's time for a small
# job.
CLAIM = text("""
UPDATE jobs SET status = 'processing', attempts = attempts + 1, fencing_token = fencing_token + 1,
    lease_until = now() + make_interval(secs => :lease_seconds), started_at = coalesce(started_at, now())
-- As a scalar subquery it runs once: behind IN the planner may join it, and lock and take more than one job.
-- The second runs only if the first finds nothing, which it does at once without a preferred priority.
WHERE id = coalesce((
    SELECT id FROM jobs
    WHERE status = 'pending' AND attempts < :max_attempts AND (not_before IS NULL OR not_before <= now())
        AND priority = CAST(:preferred AS bigint)
    ORDER BY turn, id LIMIT 1 FOR UPDATE SKIP LOCKED
), (
    SELECT id FROM jobs
    WHERE status = 'pending' AND attempts < :max_attempts AND (not_before IS NULL OR not_before <= now())
    ORDER BY priority, turn, id LIMIT 1 FOR UPDATE SKIP LOCKED
))
RETURNING *
""")
PROGRESS = text("""
WITH held AS (
    UPDATE jobs SET stage = :stage, progress = :progress, event_seq = event_seq + :count
    WHERE id = :job_id AND status = 'processing' AND fencing_token = :fencing_token AND cancel_requested_at IS NULL
    RETURNING id, event_seq
), written AS (
    INSERT INTO job_events (job_id, seq, type, payload)
    SELECT held.id, held.event_seq - :count + report.number, 'progress', report.payload
    FROM held, jsonb_array_elements(CAST(:payloads AS jsonb)) WITH ORDINALITY AS report (payload, number)
)
SELECT event_seq FROM held
""")


def _lease() -> Any:
    return func.now() + timedelta(seconds=LEASE_SECONDS)


async def claim(session: Session, *, preferred: int | None = None) -> JobWork | None:
    """Claim the next job in one statement, one of the preferred priority if there is one; None if nothing waits."""
    values = {"lease_seconds": LEASE_SECONDS, "max_attempts": MAX_ATTEMPTS, "preferred": preferred}
    job: Job | None = await session.scalar(select(Job).from_statement(CLAIM), values)
    return JobWork.of(job) if job is not None else None


async def waits(session: Session) -> bool:
    """Return whether a job may start now, including one that is locked at this moment."""
    due = Job.not_before.is_(None) | (Job.not_before <= func.now())
    waiting = select(Job.id).where(Job.status == "pending", Job.attempts < MAX_ATTEMPTS, due)
    return bool(await session.scalar(select(waiting.exists())))


async def heartbeat(session: Session, job_id: UUID, fencing_token: int) -> bool:
    """Extend the lease; return False if it is lost, or if the job's owner has asked to cancel it."""
    return await _write_as_holder(session, job_id, fencing_token, lease_until=_lease())


async def release(session: Session, job_id: UUID, fencing_token: int, *, wait_seconds: float) -> bool:
    """Release the job for another attempt after so many seconds; return False if it is lost or to be cancelled."""
    moment = func.now() + timedelta(seconds=wait_seconds)
    return await _give_back(session, job_id, fencing_token, wait_seconds=wait_seconds, not_before=moment)


async def hand_over(session: Session, job_id: UUID, fencing_token: int) -> bool:
    """Release the job at once without counting this attempt: the worker stops. Returns False as `release` does."""
    return await _give_back(session, job_id, fencing_token, attempts=Job.attempts - 1)


async def _give_back(
    session: Session, job_id: UUID, fencing_token: int, *, wait_seconds: float = 0, **columns: Any
) -> bool:
    columns |= {"status": "pending", "lease_until": None, "fencing_token": Job.fencing_token + 1}
    held = await _write_as_holder(session, job_id, fencing_token, **columns)
    if held:
        await enqueue(session, job_id, wait_seconds=wait_seconds)
    return held


async def append_progress(
    session: Session, job_id: UUID, fencing_token: int, reports: Sequence[tuple[str, int]]
) -> list[JobEvent]:
    """Number and write progress events, each a stage and a percentage; return none if the lease is lost."""
    payloads = [{"progress": progress, "stage": stage} for stage, progress in reports]
    stage, progress = reports[-1]
    last: int | None = await session.scalar(
        PROGRESS,
        {"job_id": job_id, "fencing_token": fencing_token, "stage": stage, "progress": progress}
        | {"count": len(reports), "payloads": json.dumps(payloads)},
    )
    if last is None:
        return []
    first = last - len(reports) + 1
    return [JobEvent(job_id=job_id, seq=first + at, type="progress", payload=one) for at, one in enumerate(payloads)]


async def _write_as_holder(session: Session, job_id: UUID, fencing_token: int, /, **columns: Any) -> bool:
    held = await session.scalar(
        update(Job)
        .where(
            Job.id == job_id,
            Job.status == "processing",
            Job.fencing_token == fencing_token,
            Job.cancel_requested_at.is_(None),
        )
        .values(**columns)
        .returning(Job.id)
    )
    return held is not None


async def reclaim_expired(session: Session) -> list[UUID]:
    """Put the jobs of silent workers back into the queue, and fence those workers off."""
    # Locked first, without waiting: two sweepers that update the same rows in a different order would deadlock.
    silent = (
        select(Job.id)
        .where(_is_silent(), Job.attempts < MAX_ATTEMPTS, Job.cancel_requested_at.is_(None))
        .with_for_update(skip_locked=True)
    )
    rows = await session.scalars(
        update(Job)
        .where(Job.id.in_(silent))
        .values(status="pending", lease_until=None, fencing_token=Job.fencing_token + 1)
        .returning(Job.id)
    )
    job_ids = list(rows)
    await enqueue_all(session, job_ids)
    return job_ids


async def ending_silently(session: Session) -> list[UUID]:
    """Find the jobs of silent workers that get no other attempt: it was their last, or their owner has cancelled."""
    over = (Job.attempts >= MAX_ATTEMPTS) | Job.cancel_requested_at.is_not(None)
    return list(await session.scalars(select(Job.id).where(_is_silent(), over)))


async def lock_silent(session: Session, job_id: UUID) -> Job | None:
    """Lock the job for its end; None if its worker has reported meanwhile, or another sweeper handles it."""
    job: Job | None = await session.scalar(
        select(Job).where(Job.id == job_id, _is_silent()).with_for_update(skip_locked=True)
    )
    return job


async def unfinished(session: Session, job_ids: Collection[UUID]) -> set[UUID]:
    """Return those of these jobs that have not ended."""
    waiting = Job.status.in_(("pending", "processing"))
    return set(await session.scalars(select(Job.id).where(Job.id.in_(job_ids), waiting)))


def _is_silent() -> ColumnElement[bool]:
    return (Job.status == "processing") & (Job.lease_until < func.now())


async def requeue_unclaimed(session: Session, *, first_wait_seconds: int = UNCLAIMED_SECONDS) -> list[UUID]:
    """Publish pending jobs again that nobody claimed: the queue may have lost them. The wait doubles each time."""
    wait = timedelta(seconds=first_wait_seconds) * func.power(2, func.least(Job.publications - 1, 6))
    rows = await session.scalars(
        select(Job.id).where(
            Job.status == "pending",
            Job.published_at + wait < func.now(),
            ~select(Outbox.id).where(Outbox.job_id == Job.id).exists(),
        )
    )
    job_ids = list(rows)
    await enqueue_all(session, job_ids)
    return job_ids
