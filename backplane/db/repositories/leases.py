"""Jobs as the holder of a lease and the sweeper see them: claimed, kept, given back, ended. docs/reliability.md."""

import json
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Select, cast, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backplane.db.models import Job, JobEvent, Outbox
from backplane.db.repositories.outbox import ring, ring_all

LEASE_SECONDS = 15
MAX_ATTEMPTS = 3
UNHEARD_SECONDS = 20
"""With the sweeper's five seconds still within the half minute in which a job must begin again."""


# One round trip for all words, and text: it is written several times a job, and building it anew each time took a third
# of what a small job took the worker.
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


def _may_begin() -> tuple[ColumnElement[bool], ...]:
    due = Job.not_before.is_(None) | (Job.not_before <= func.now())
    return Job.status == "pending", Job.attempts < MAX_ATTEMPTS, due


def head() -> Select[UUID]:
    """Find and lock the job whose turn it is, past those that another is taking at this moment."""
    return (
        select(Job.id)
        .where(*_may_begin())
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


async def waits(session: AsyncSession) -> bool:
    """Say whether a job may be begun, one included that somebody holds at this moment."""
    return bool(await session.scalar(select(select(Job.id).where(*_may_begin()).exists())))


async def heartbeat(session: AsyncSession, job_id: UUID, fencing_token: int) -> bool:
    """Extend the lease; False where it is no longer ours, or where the job's owner has asked to cancel it."""
    return await _write_as_holder(session, job_id, fencing_token, lease_until=_lease()) is not None


async def release(session: AsyncSession, job_id: UUID, fencing_token: int, *, wait_seconds: float) -> bool:
    """Give the job back for another attempt after so many seconds; False where it is not ours or is to be cancelled."""
    moment = func.now() + timedelta(seconds=wait_seconds)
    return await _give_back(session, job_id, fencing_token, wait_seconds=wait_seconds, not_before=moment)


async def hand_over(session: AsyncSession, job_id: UUID, fencing_token: int) -> bool:
    """Give the job back at once as if this attempt had not been: it is the worker that ends. False as in `release`."""
    return await _give_back(session, job_id, fencing_token, attempts=Job.attempts - 1)


async def _give_back(
    session: AsyncSession, job_id: UUID, fencing_token: int, *, wait_seconds: float = 0, **columns: Any
) -> bool:
    columns |= {"status": "pending", "lease_until": None, "fencing_token": Job.fencing_token + 1}
    held = await _write_as_holder(session, job_id, fencing_token, **columns)
    if held is not None:
        await ring(session, job_id, wait_seconds=wait_seconds)
    return held is not None


async def append_event(
    session: AsyncSession,
    job_id: UUID,
    fencing_token: int,
    *,
    type_: str,
    payload: dict[str, Any],
    statuses: Sequence[str] = ("processing",),
    cancelled: bool | None = False,
    **columns: Any,
) -> JobEvent | None:
    """Number and write an event as the holder of the lease; None where it is lost. `columns` change with it.

    `cancelled` is what the owner must, or must not, have asked for; None where it does not matter.
    """
    columns |= {"event_seq": Job.event_seq + 1}
    seq = await _write_as_holder(session, job_id, fencing_token, statuses=statuses, cancelled=cancelled, **columns)
    return await insert_event(session, job_id, seq, type_, payload) if seq is not None else None


async def append_progress(
    session: AsyncSession, job_id: UUID, fencing_token: int, words: Sequence[tuple[str, int]]
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


async def insert_event(session: AsyncSession, job_id: UUID, seq: int, type_: str, payload: dict[str, Any]) -> JobEvent:
    """Write an event under a number that was just taken from its job."""
    event: JobEvent | None = await session.scalar(
        insert(JobEvent).values(job_id=job_id, seq=seq, type=type_, payload=payload).returning(JobEvent)
    )
    assert event is not None
    return event


def ended(status: str, **columns: Any) -> dict[str, Any]:
    """The columns of a job that has ended: no lease, and no secret any more unless it may be tried again."""
    gone = {} if status == "failed" else {"secret": None}
    until = func.now() + func.make_interval(0, 0, 0, cast(Job.retention_days, Integer))
    moments = {"completed_at": func.now(), "retained_until": until, "expires_at": until}
    return {"status": status, "lease_until": None, **moments, **gone, **columns}


async def _write_as_holder(
    session: AsyncSession,
    job_id: UUID,
    fencing_token: int,
    /,
    *,
    statuses: Sequence[str] = ("processing",),
    cancelled: bool | None = False,
    **columns: Any,
) -> int | None:
    held = update(Job).where(Job.id == job_id, Job.status.in_(statuses), Job.fencing_token == fencing_token)
    if cancelled is not None:
        held = held.where(Job.cancel_requested_at.is_not(None) == cancelled)
    seq: int | None = await session.scalar(held.values(**columns).returning(Job.event_seq))
    return seq


async def reclaim_expired(session: AsyncSession) -> list[UUID]:
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
    await ring_all(session, job_ids)
    return job_ids


async def ending_silently(session: AsyncSession) -> list[UUID]:
    """Find the jobs of silent workers that get no other attempt: they had their last, or their owner has cancelled."""
    over = (Job.attempts >= MAX_ATTEMPTS) | Job.cancel_requested_at.is_not(None)
    return list(await session.scalars(select(Job.id).where(_is_silent(), over)))


async def lock_silent(session: AsyncSession, job_id: UUID) -> Job | None:
    """Lock the job for its end; None where its worker was heard meanwhile, or another sweeper is at it."""
    job: Job | None = await session.scalar(
        select(Job).where(Job.id == job_id, _is_silent()).with_for_update(skip_locked=True)
    )
    return job


async def unfinished(session: AsyncSession, job_ids: Collection[UUID]) -> set[UUID]:
    """Tell which of these jobs have not ended."""
    waiting = Job.status.in_(("pending", "processing"))
    return set(await session.scalars(select(Job.id).where(Job.id.in_(job_ids), waiting)))


def _is_silent() -> ColumnElement[bool]:
    return (Job.status == "processing") & (Job.lease_until < func.now())


async def ring_unheard(session: AsyncSession, *, first_wait_seconds: int = UNHEARD_SECONDS) -> list[UUID]:
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
    await ring_all(session, job_ids)
    return job_ids
