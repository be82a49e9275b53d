"""The one place where a batch ends: when the last of its jobs does, in that job's transaction, and once.

A retry opens the batch again, and then it ends once more; `endings` tells the times apart.
"""

from uuid import UUID

from backplane.db.models import Batch, Job
from backplane.db.repositories import batches, idempotency
from backplane.db.session import Session
from backplane.services.webhooks import events as webhook_events


async def note_end(session: Session, job: Job) -> Batch | None:
    """Tell the batch that one of its jobs has ended; it is returned where that was the last one."""
    return await close(session, job.batch_id) if job.batch_id is not None else None


async def close(session: Session, batch_id: UUID) -> Batch | None:
    """End a batch none of whose jobs is left to run, and tell whoever wants to know."""
    # Of two jobs that end together the second waits here for the first, and then sees its end.
    batch = await batches.lock(session, batch_id)
    if batch is None or batch.completed_at is not None or await batches.any_unfinished(session, batch_id):
        return None
    await batches.close(session, batch)
    await idempotency.forget_password(session, batch.id)
    await webhook_events.note_batch_end(session, batch)
    return batch


async def note_retry(session: Session, job: Job) -> None:
    """Tell the batch that one of its jobs is tried again."""
    if job.batch_id is not None:
        await batches.reopen(session, job.batch_id)
