"""Jobs as workers and the sweeper see them: claimed, kept, given back. docs/explanation/reliability.md."""

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
UNHEARD_SECONDS = 20
"""With the sweeper's five seconds still within the half minute in which a job must begin again."""

# Text, for each is run once a job or more: building them anew took a third of what a small job took the worker.
CLAIM = text("""
UPDATE jobs SET status = 'processing', attempts = attempts + 1, fencing_token = fencing_token + 1,
    lease_until = now() + make_interval(secs => :lease_seconds), started_at = coalesce(started_at, now())
-- As a scalar it is run once: behind IN the planner may join it, and lock and take more than one.
WHERE id = (
    SELECT id FROM jobs
    WHERE status = 'pending' AND attempts < :max_attempts AND (not_before IS NULL OR not_before <= now())
    ORDER BY priority, turn, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING *
""")
PROGRESS = text("""
WITH held AS (
    UPDATE jobs SET stage = :stage, progress = :progress, event_seq = event_seq + :count
    WHERE id = :job_id AND status = 'processing' AND fencing_token = :fencing_token AND cancel_requested_at IS NULL
    RETURNING id, event_seq
), said AS (
    INSERT INTO job_events (job_id, seq, type, payload)
    SELECT held.id, held.event_seq - :count + word.number, 'progress', word.payload
    FROM held, jsonb_array_elements(CAST(:payloads AS jsonb)) WITH ORDINALITY AS word (payload, number)
)
SELECT event_seq FROM held
""")


def _lease() -> Any:
    return func.now() + timedelta(seconds=LEASE_SECONDS)


async def claim(session: Session) -> JobWork | None:
    """Take the job whose turn it is, in one statement; None where nothing waits."""
    values = {"lease_seconds": LEASE_SECONDS, "max_attempts": MAX_ATTEMPTS}
    job: Job | None = await session.scalar(select(Job).from_statement(CLAIM), values)
    return JobWork.of(job) if job is not None else None


async def waits(session: Session) -> bool:
    """Say whether a job may be begun, one included that somebody holds at this moment."""
    due = Job.not_before.is_(None) | (Job.not_before <= func.now())
    waiting = select(Job.id).where(Job.status == "pending", Job.attempts < MAX_ATTEMPTS, due)
    return bool(await session.scalar(select(waiting.exists())))


async def heartbeat(session: Session, job_id: UUID, fencing_token: int) -> bool:
    """Extend the lease; False where it is no longer ours, or where the job's owner has asked to cancel it."""
    return await _write_as_holder(session, job_id, fencing_token, lease_until=_lease())


async def release(session: Session, job_id: UUID, fencing_token: int, *, wait_seconds: float) -> bool:
    """Give the job back for another attempt after so many seconds; False where it is not ours or is to be cancelled."""
    moment = func.now() + timedelta(seconds=wait_seconds)
    return await _give_back(session, job_id, fencing_token, wait_seconds=wait_seconds, not_before=moment)


async def hand_over(session: Session, job_id: UUID, fencing_token: int) -> bool:
    """Give the job back at once as if this attempt had not been: it is the worker that ends. False as in `release`."""
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
    session: Session, job_id: UUID, fencing_token: int, words: Sequence[tuple[str, int]]
) -> list[JobEvent]:
    """Number and write progress events, each a stage and a percentage, as the holder of the lease; none where lost."""
    payloads = [{"progress": progress, "stage": stage} for stage, progress in words]
    stage, progress = words[-1]
    last: int | None = await session.scalar(
        PROGRESS,
        {"job_id": job_id, "fencing_token": fencing_token, "stage": stage, "progress": progress}
        | {"count": len(words), "payloads": json.dumps(payloads)},
    )
    if last is None:
        return []
    first = last - len(words) + 1
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
    """Put jobs whose worker has gone silent back into the queue, and fence the silent worker off."""
    # Locked first, without waiting: two sweepers that updated the same rows in another order would block each other.
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
    """Find the jobs of silent workers that get no other attempt: they had their last, or their owner has cancelled."""
    over = (Job.attempts >= MAX_ATTEMPTS) | Job.cancel_requested_at.is_not(None)
    return list(await session.scalars(select(Job.id).where(_is_silent(), over)))


async def lock_silent(session: Session, job_id: UUID) -> Job | None:
    """Lock the job for its end; None where its worker was heard meanwhile, or another sweeper is at it."""
    job: Job | None = await session.scalar(
        select(Job).where(Job.id == job_id, _is_silent()).with_for_update(skip_locked=True)
    )
    return job


async def unfinished(session: Session, job_ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these jobs have not ended."""
    waiting = Job.status.in_(("pending", "processing"))
    return set(await session.scalars(select(Job.id).where(Job.id.in_(job_ids), waiting)))


def _is_silent() -> ColumnElement[bool]:
    return (Job.status == "processing") & (Job.lease_until < func.now())


async def requeue_unheard(session: Session, *, first_wait_seconds: int = UNHEARD_SECONDS) -> list[UUID]:
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
    await enqueue_all(session, job_ids)
    return job_ids
