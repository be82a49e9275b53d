"""Messages about a job or a batch, the same on sockets and event streams: a snapshot first, then the events.

The type of the subject's id finds their source. The first message comes once the caller is known to be the owner; None
comes where nothing happens for a while.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from api.schemas import batches
from api.schemas.jobs import event_message, snapshot
from backplane import ids
from backplane.errors import NotFound
from backplane.services.batches.progress import BatchFeed
from backplane.services.batches.views import BatchFacts, Counts
from backplane.services.jobs.progress import ProgressFeed
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.caller import Caller

Message = dict[str, Any]
Messages = AsyncGenerator[Message | None]


@dataclass(frozen=True, slots=True)
class Feeds:
    """Where messages come from."""

    jobs: ProgressFeed
    batches: BatchFeed


async def job_messages(
    feeds: Feeds, caller: Caller, job_id: UUID, *, last_seq: int, beat_seconds: float | None
) -> Messages:
    """Yield the job's current state, then its events after `last_seq`, to the last one."""
    feed = feeds.jobs.follow(caller, job_id, last_seq=last_seq, beat_seconds=beat_seconds)
    async with aclosing(feed):
        async for item in feed:
            if isinstance(item, JobFacts):
                yield snapshot(item)
                del item
            else:
                yield event_message(item) if item is not None else None


async def batch_messages(
    feeds: Feeds, caller: Caller, batch_id: UUID, *, last_seq: int, beat_seconds: float | None
) -> Messages:
    """Yield the batch's current state, the events of its jobs, the counts after each end, and the end of the batch."""
    del last_seq  # numbers are of one job each; the snapshot says how far each job is
    feed = feeds.batches.follow(caller, batch_id, beat_seconds=beat_seconds)
    wire, counts = ids.to_wire("bat", batch_id), Counts()
    async with aclosing(feed):
        async for item in feed:
            if isinstance(item, BatchFacts):
                counts = item.counts
                yield batches.snapshot(item)
                del item
            elif isinstance(item, Counts):
                counts = item
                yield batches.counts_message(wire, item)
            else:
                yield batches.job_message(wire, item) if item is not None else None
    yield batches.last_message(wire, counts)


SOURCES: Mapping[str, Callable[..., Messages]] = {"job": job_messages, "bat": batch_messages}


def messages_of(
    feeds: Feeds, caller: Caller, subject: str, *, last_seq: int = 0, beat_seconds: float | None = None
) -> Messages:
    """Begin the messages about the subject of this id.

    Raises:
        NotFound: the id is of no type that has messages. The first message raises it where there is no such object.
    """
    prefix = subject[:3]
    if prefix not in SOURCES:
        raise NotFound
    return SOURCES[prefix](feeds, caller, ids.from_wire(prefix, subject), last_seq=last_seq, beat_seconds=beat_seconds)


async def require_owner(feeds: Feeds, caller: Caller, subject: str) -> None:
    """Check that the caller may read the messages.

    Raises:
        NotFound: there is no such object for this caller.
    """
    async with aclosing(messages_of(feeds, caller, subject)) as messages:
        await anext(messages)
