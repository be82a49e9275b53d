"""The end of a batch: it ends with the last of its jobs, in that job's transaction, and once.

A retry opens the batch again, and then it ends once more; the column `endings` counts how often.
"""

from uuid import UUID

from backplane.db.models import Batch, Job
from backplane.db.repositories import batches, idempotency
from backplane.db.repositories.ends import End
from backplane.db.session import Session
from backplane.db.work import AnyJob
from backplane.services.batches.mails import BatchMails
from backplane.services.webhooks.events import WebhookEvents


class BatchEnds:
    """Follow the ends of jobs: the last one ends their batch."""

    def __init__(self, events: WebhookEvents, mails: BatchMails) -> None:
        self._events = events
        self._mails = mails

    async def job_ended(self, session: Session, job: AnyJob, end: End) -> None:  # noqa: ARG002 - same for each end
        if job.batch_id is not None:
            await self.close(session, job.batch_id)

    async def job_requeued(self, session: Session, job: Job) -> None:
        if job.batch_id is not None:
            await batches.reopen(session, job.batch_id)

    async def close(self, session: Session, batch_id: UUID) -> Batch | None:
        """End the batch and return it, if all of its jobs have ended."""
        # If two jobs end together, the second waits here for the first, and then sees its end.
        batch = await batches.lock(session, batch_id)
        if batch is None or batch.completed_at is not None or await batches.any_unfinished(session, batch_id):
            return None
        await batches.close(session, batch)
        await idempotency.forget_password(session, batch.id)
        await self._events.batch_ended(session, batch)
        await self._mails.batch_ended(session, batch)
        return batch
