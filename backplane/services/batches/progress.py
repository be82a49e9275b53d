"""Progress of a batch: its current state, then the events of its jobs as they arrive, and the counts after each end."""

from collections import Counter
from collections.abc import AsyncGenerator
from uuid import UUID

from backplane.services.batches.views import Batches, BatchFacts, Counts
from backplane.services.jobs.progress import Event, ProgressFeed
from backplane.services.requests.caller import Caller

ALL = 2**31 - 1
"""The number known of a job that was deleted between two reads: none of its events is sent any more."""

STATUS_AFTER = {"completed": "completed", "error": "failed", "cancelled": "cancelled"}


class BatchFeed:
    def __init__(self, batches: Batches, progress: ProgressFeed) -> None:
        self._batches = batches
        self._progress = progress

    async def follow(
        self, caller: Caller, batch_id: UUID, *, beat_seconds: float | None = None
    ) -> AsyncGenerator[BatchFacts | Event | Counts | None]:
        """Yield the batch in its current state, then the events of its jobs, and end once all jobs have ended.

        The events of each job continue without a gap after the number in its item. After each end the counts follow.
        None is yielded if nothing happened for `beat_seconds`.

        Raises:
            NotFound: this account has no such batch.
            TooSlow: more events wait than a slow follower may leave unread.
        """
        job_ids = await self._batches.job_ids(caller, batch_id)
        with self._progress.listening(job_ids) as listener:
            facts = await self._batches.get(caller, batch_id)
            states = {item.index if item.job_id is None else item.job_id: item.status for item in facts.items}
            known = dict.fromkeys(job_ids, ALL) | {item.job_id: item.event_seq for item in facts.items if item.job_id}
            yield facts
            counts = facts.counts
            del facts
            if counts.ended:
                return
            async for batch in self._progress.events(listener, known, beat_seconds=beat_seconds, up_to_date=True):
                if batch is None:
                    yield None
                    continue
                for event in batch.events:
                    states[event.job_id] = _status_after(event)
                    yield event
                if batch.events[-1].terminal:
                    counts = Counts(**Counter(states.values()))
                    yield counts
                    if counts.ended and not batch.more:
                        return


def _status_after(event: Event) -> str:
    if event.terminal:
        return STATUS_AFTER[event.type]
    return "pending" if event.payload.get("stage") == "queued" else "processing"
