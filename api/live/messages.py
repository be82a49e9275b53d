"""What sockets and event streams tell, which is the same: frames, the first of them a snapshot.

A story is found by the type of the id that it is asked for. Its first frame comes once the caller is found to be the
owner; None comes where there is nothing to tell for a while.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any
from uuid import UUID

from api.schemas import batches
from api.schemas.jobs import event_message, snapshot
from backplane import ids
from backplane.errors import NotFound
from backplane.services.batches.views import BatchFacts, Counts
from backplane.services.identity.tokens import Principal
from backplane.services.jobs.views import JobFacts
from backplane.wiring import GatewayServices

Message = dict[str, Any]
Messages = AsyncGenerator[Message | None]


async def job_messages(
    services: GatewayServices, account_id: UUID, job_id: UUID, *, last_seq: int, beat_seconds: float | None
) -> Messages:
    """Tell how the job stands, then its events after `last_seq`, to the last one."""
    feed = services.progress.follow(account_id, job_id, last_seq=last_seq, beat_seconds=beat_seconds)
    async with aclosing(feed):
        async for item in feed:
            if isinstance(item, JobFacts):
                yield snapshot(item)
                del item
            else:
                yield event_message(item) if item is not None else None


async def batch_messages(
    services: GatewayServices, account_id: UUID, batch_id: UUID, *, last_seq: int, beat_seconds: float | None
) -> Messages:
    """Tell how the batch stands, then what happens to its jobs, the counts after each end, and that all have ended."""
    del last_seq  # numbers are of one job each; the snapshot tells how far every one has come
    feed = services.batch_progress.follow(account_id, batch_id, beat_seconds=beat_seconds)
    wire, counts = ids.to_wire("bat", batch_id), Counts()
    async with aclosing(feed):
        async for item in feed:
            if isinstance(item, BatchFacts):
                counts = item.counts
                yield batches.snapshot(item)
                del item
            elif isinstance(item, Counts):
                counts = item
                yield batches.counts_frame(wire, item)
            else:
                yield batches.job_frame(wire, item) if item is not None else None
    yield batches.last_frame(wire, counts)


SOURCES: Mapping[str, Callable[..., Messages]] = {"job": job_messages, "bat": batch_messages}


def messages_of(
    services: GatewayServices,
    caller: Principal,
    subject: str,
    *,
    last_seq: int = 0,
    beat_seconds: float | None = None,
) -> Messages:
    """Begin the story of what this id names.

    Raises:
        NotFound: the id is of no type that has a story. That there is no such object the first frame says.
    """
    prefix = subject[:3]
    if prefix not in SOURCES:
        raise NotFound
    return SOURCES[prefix](
        services, caller.account_id, ids.from_wire(prefix, subject), last_seq=last_seq, beat_seconds=beat_seconds
    )


async def demand_owner(services: GatewayServices, caller: Principal, subject: str) -> None:
    """Find that the caller may hear the story.

    Raises:
        NotFound: there is no such object for this caller.
    """
    async with aclosing(messages_of(services, caller, subject)) as messages:
        await anext(messages)
