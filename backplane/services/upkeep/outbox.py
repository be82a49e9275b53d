"""The outbox: committed job ids are published to the queue, at least once."""

from backplane import failpoints
from backplane.db.repositories import outbox
from backplane.db.session import Database
from backplane.metrics import OUTBOX_PUBLISHED
from backplane.queue import CeleryQueue


class OutboxRelay:
    def __init__(self, database: Database, queue: CeleryQueue) -> None:
        self._database = database
        self._queue = queue

    async def drain(self) -> int:
        """Publish the job ids that are due and return how many there were.

        The rows stay locked while the queue is told and go in the same transaction: a crash between the two tells it
        twice, which the claim makes harmless, and never not at all.
        """
        async with self._database.transaction() as session:
            entries = await outbox.take(session)
            if entries:
                await self._queue.publish([entry.job_id for entry in entries])
                failpoints.reach("relay.published")
                await outbox.mark_published(session, entries)
        OUTBOX_PUBLISHED.inc(len(entries))
        return len(entries)

    async def seconds_to_next(self) -> float | None:
        """Say when there is something to publish; None where nothing waits for its time."""
        async with self._database.reading() as session:
            return await outbox.seconds_to_next(session)
