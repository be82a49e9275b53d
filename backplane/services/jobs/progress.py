"""Progress of jobs, for their followers: the current state, every event after a number, and each new event.

A notification brings an event at once. Where Redis or a notification was lost, a query for all followed jobs together
finds the event within two seconds. A follower that sees a gap reads the rows, many followers in one statement.
"""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backplane.bus import Listener, Notification, RedisBus
from backplane.db.repositories import events
from backplane.db.session import Database
from backplane.errors import ApplicationError, NotFound, Unavailable
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.batch_loader import BatchLoader
from backplane.services.requests.caller import Caller

TERMINAL = frozenset({"completed", "error", "cancelled"})
LOOK_SECONDS = 2.0
"""The delay that a lost notification, or a broken Redis, costs."""
JOBS_AT_ONCE = 50
LOOKS_AT_ONCE = 5000


class TooSlow(Unavailable):
    """The follower reads too slowly: it must reconnect with the number of its last event."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event of a job; `seq` counts from 1 within the job, without a gap."""

    job_id: UUID
    seq: int
    type: str
    payload: dict[str, Any]

    @property
    def terminal(self) -> bool:
        return self.type in TERMINAL


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Consecutive events of one job; `more` says that further events follow at once."""

    events: Sequence[Event]
    more: bool = False


class ProgressFeed:
    def __init__(self, database: Database, bus: RedisBus) -> None:
        self._database = database
        self._bus = bus
        self._jobs = BatchLoader(self._load_jobs, at_once=JOBS_AT_ONCE)
        self._rows = BatchLoader(self._load_rows, at_once=JOBS_AT_ONCE)
        self._followers = 0
        self._polling: asyncio.Task[None] | None = None

    async def follow(
        self, caller: Caller, job_id: UUID, *, last_seq: int = 0, beat_seconds: float | None = None
    ) -> AsyncGenerator[JobFacts | Event | None]:
        """Yield the job in its current state, then its events after `last_seq` without a gap, to the last one.

        A failed job may be retried, so an `error` is the last event only if nothing follows. None is yielded if nothing
        happened for `beat_seconds`.

        Raises:
            NotFound: this account has no such job.
            TooSlow: more events wait than a slow follower may leave unread.
        """
        with self.listening([job_id]) as listener:
            facts = await self._jobs.load((caller.account_id, job_id))
            if facts is None:
                raise NotFound
            known, up_to_date, ended = min(last_seq, facts.event_seq), last_seq >= facts.event_seq, facts.ended
            yield facts
            del facts  # a follower may wait for an hour, and need not keep it in memory
            if ended and up_to_date:
                return
            batches = self.events(listener, {job_id: known}, beat_seconds=beat_seconds, up_to_date=up_to_date)
            async for batch in batches:
                if batch is None:
                    yield None
                    continue
                for event in batch.events:
                    yield event
                if batch.events and batch.events[-1].terminal and not batch.more:
                    return

    @contextmanager
    def listening(self, job_ids: Collection[UUID]) -> Iterator[Listener]:
        """Receive notifications of these jobs; start before their state is read, so that no event is missed."""
        self._followers += 1
        if self._polling is None:
            self._polling = asyncio.create_task(self._poll())
        try:
            with self._bus.listen(job_ids) as listener:
                yield listener
        finally:
            self._followers -= 1
            if not self._followers and self._polling is not None:
                self._polling.cancel()
                self._polling = None

    async def events(
        self,
        listener: Listener,
        known: Mapping[UUID, int],
        *,
        beat_seconds: float | None = None,
        up_to_date: bool = False,
    ) -> AsyncGenerator[EventBatch | None]:
        """Yield the events after the numbers `known` of these jobs, for each job without a gap, indefinitely.

        The caller has checked access to the jobs. None is yielded if nothing happened for `beat_seconds`. The numbers
        are `up_to_date` if they were read after the listening began: then no row is read first.

        Raises:
            TooSlow: as `follow`.
        """
        last, behind = dict(known), [] if up_to_date else list(known)
        while True:
            while behind:
                if listener.overflowed:
                    # The notifications were dropped because we were reading; the rows hold their events too.
                    listener.clear()
                    behind = list(last)
                batch = await self._read(behind[-1], last[behind[-1]])
                if batch.events:
                    last[behind[-1]] = batch.events[-1].seq
                    yield batch
                if not batch.more:
                    behind.pop()
            notification = await listener.next(beat_seconds)
            if listener.overflowed:
                raise TooSlow
            if notification is None:
                yield None
            elif (
                notification.type is not None
                and notification.payload is not None
                and notification.seq == last[notification.job_id] + 1
            ):
                last[notification.job_id] = notification.seq
                yield EventBatch(
                    [Event(notification.job_id, notification.seq, notification.type, notification.payload)]
                )
            elif notification.seq > last[notification.job_id]:
                behind.append(notification.job_id)

    async def _read(self, job_id: UUID, seq: int) -> EventBatch:
        rows = await self._rows.load((job_id, seq)) or []
        return EventBatch(rows[: events.EVENTS_AT_ONCE], more=len(rows) > events.EVENTS_AT_ONCE)

    async def _poll(self) -> None:
        seen: dict[UUID, int] = {}
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._bus.renewed.wait()
            self._bus.renewed.clear()
            with suppress(ApplicationError):
                seen = await self._look(seen)

    async def _look(self, seen: Mapping[UUID, int]) -> dict[UUID, int]:
        """Read the last event numbers of all followed jobs, and notify the followers of jobs with new events."""
        found: dict[UUID, int] = {}
        job_ids = self._bus.listened_to
        for start in range(0, len(job_ids), LOOKS_AT_ONCE):
            async with self._database.reading() as session:
                found |= await events.last_of(session, job_ids[start : start + LOOKS_AT_ONCE])
        for job_id, seq in found.items():
            if seq != seen.get(job_id):
                self._bus.dispatch(Notification(job_id, seq))
        return found

    async def _load_jobs(self, wanted: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], JobFacts]:
        async with self._database.reading() as session:
            rows = await events.jobs_of_accounts(session, wanted)
        return {(job.account_id, job.id): JobFacts.of(job) for job in rows}

    async def _load_rows(self, wanted: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], list[Event]]:
        async with self._database.reading() as session:
            rows = await events.after(session, wanted)
        return {(job_id, known): [Event(job_id, *row) for row in rows_of] for (job_id, known), rows_of in rows.items()}
