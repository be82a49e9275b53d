from uuid import UUID

from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from backplane.db.models import Job, Outbox

CHANNEL = "imageshield_outbox"


async def ring(session: AsyncSession, job_id: UUID) -> None:
    """Write the intent to publish, and wake the relay when this transaction commits."""
    await session.execute(insert(Outbox).values(job_id=job_id))
    await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


async def take(session: AsyncSession, *, limit: int = 100) -> list[Outbox]:
    """Lock the oldest intents; another relay takes others."""
    rows = await session.scalars(select(Outbox).order_by(Outbox.id).limit(limit).with_for_update(skip_locked=True))
    return list(rows)


async def mark_published(session: AsyncSession, entries: list[Outbox]) -> None:
    await session.execute(delete(Outbox).where(Outbox.id.in_([entry.id for entry in entries])))
    await session.execute(
        update(Job)
        .where(Job.id.in_({entry.job_id for entry in entries}))
        .values(published_at=func.now(), publications=Job.publications + 1)
    )
