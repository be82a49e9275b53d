from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backplane.db.models import Job, Outbox

CHANNEL = "imageshield_outbox"


async def ring(session: AsyncSession, job_id: UUID, *, wait_seconds: float = 0) -> None:
    """Write the intent to publish after so many seconds, and wake the relay when this transaction commits."""
    due_at = func.now() + timedelta(seconds=wait_seconds)
    await session.execute(insert(Outbox).values(job_id=job_id, due_at=due_at))
    await _notify(session)


async def ring_all(session: AsyncSession, job_ids: Sequence[UUID]) -> None:
    """Write the intents to publish many at once, now."""
    if job_ids:
        await session.execute(insert(Outbox), [{"job_id": job_id} for job_id in job_ids])
        await _notify(session)


async def _notify(session: AsyncSession) -> None:
    await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


async def take(session: AsyncSession, *, limit: int = 100) -> list[Outbox]:
    """Lock the oldest intents that are due; another relay takes others."""
    rows = await session.scalars(
        select(Outbox)
        .where(Outbox.due_at <= func.now())
        .order_by(Outbox.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return list(rows)


async def seconds_to_next(session: AsyncSession) -> float | None:
    """Say when the next intent is due by the database's clock; None where there is none."""
    seconds = await session.scalar(select(func.extract("epoch", func.min(Outbox.due_at) - func.now())))
    return None if seconds is None else float(seconds)


async def mark_published(session: AsyncSession, entries: list[Outbox]) -> None:
    await session.execute(delete(Outbox).where(Outbox.id.in_([entry.id for entry in entries])))
    await session.execute(
        update(Job)
        .where(Job.id.in_({entry.job_id for entry in entries}))
        .values(published_at=func.now(), publications=Job.publications + 1)
    )
