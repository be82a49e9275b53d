"""The outbox: intents to publish job ids to the queue."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, insert, select, text

from backplane.db.models import Outbox
from backplane.db.session import ReadSession, Session

CHANNEL = "imageshield_outbox"
AT_ONCE = 100

# Built once, because they run for each job.
DUE = select(Outbox).where(Outbox.due_at <= func.now()).order_by(Outbox.id).with_for_update(skip_locked=True)
SECONDS_TO_NEXT = select(func.extract("epoch", func.min(Outbox.due_at) - func.now()))
ENQUEUE = text("""
WITH intent AS (INSERT INTO outbox (job_id, due_at) VALUES (:job_id, now() + make_interval(secs => :seconds)))
SELECT pg_notify(:channel, '')
""")
PUBLISHED = text("""
WITH published AS (DELETE FROM outbox WHERE id = ANY(:ids) RETURNING job_id)
UPDATE jobs SET published_at = now(), publications = publications + 1 WHERE id IN (SELECT job_id FROM published)
""")


async def enqueue(session: Session, job_id: UUID, *, wait_seconds: float = 0) -> None:
    """Write the intent to publish after so many seconds, and notify the relay when this transaction commits."""
    await session.execute(ENQUEUE, {"job_id": job_id, "seconds": wait_seconds, "channel": CHANNEL})


async def enqueue_all(session: Session, job_ids: Sequence[UUID]) -> None:
    """Write the intents to publish many jobs, now."""
    if job_ids:
        await session.execute(insert(Outbox), [{"job_id": job_id} for job_id in job_ids])
        await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


async def take(session: Session, *, limit: int = AT_ONCE) -> list[Outbox]:
    """Lock the oldest intents that are due; another relay takes other ones."""
    return list(await session.scalars(DUE.limit(limit)))


async def seconds_to_next(session: ReadSession) -> float | None:
    """Return when the next intent is due, by the database's clock; None without one."""
    seconds = await session.scalar(SECONDS_TO_NEXT)
    return None if seconds is None else float(seconds)


async def mark_published(session: Session, entries: list[Outbox]) -> None:
    await session.execute(PUBLISHED, {"ids": [entry.id for entry in entries]})
