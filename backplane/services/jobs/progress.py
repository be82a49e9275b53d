"""Progress of jobs, for those who follow them: the present state, every event after a number, and each new event.

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
    """The follower does not take its events: it must come back with the number of the last one that it has."""


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
    """Consecutive events of one job; `more` where others are known to come right after."""

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
        """Yield the job in its present state, then its events after `last_seq` without a gap, to the last one.

        A job that has failed may be tried again, so an `error` is the last one only where nothing comes after it.
        None comes where nothing happened for `beat_seconds`.

        Raises:
            NotFound: this account has no such job.
            TooSlow: more has happened than may wait for a slow follower.
        """
        with self.listening([job_id]) as listener:
            facts = await self._jobs.load((caller.account_id, job_id))
            if facts is None:
                raise NotFound
            heard, up_to_date, ended = min(last_seq, facts.event_seq), last_seq >= facts.event_seq, facts.ended
            yield facts
            del facts  # a follower that waits for an hour need not hold it
            if ended and up_to_date:
                return
            batches = self.events(listener, {job_id: heard}, beat_seconds=beat_seconds, up_to_date=up_to_date)
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
        """Hear of these jobs from now on; to be begun before their state is read, so that nothing falls between."""
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
        heard: Mapping[UUID, int],
        *,
        beat_seconds: float | None = None,
        up_to_date: bool = False,
    ) -> AsyncGenerator[EventBatch | None]:
        """Yield what comes after the numbers `heard` of these jobs, each job's without a gap, forever.

        The caller's right to see them was checked before. None comes where nothing happened for `beat_seconds`.
        The numbers are `up_to_date` where they were read after the listening began: then nothing need be read first.

        Raises:
            TooSlow: as `follow`.
        """
        last, behind = dict(heard), [] if up_to_date else list(heard)
        while True:
            while behind:
                if listener.overflowed:
                    # Here it is we who read what was missed; the rows hold what was dropped meanwhile too.
                    listener.forget()
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
        """Read how far all followed jobs have come, and notify the followers of those that have moved on."""
        found: dict[UUID, int] = {}
        job_ids = self._bus.listened_to
        for start in range(0, len(job_ids), LOOKS_AT_ONCE):
            async with self._database.reading() as session:
                found |= await events.last_of(session, job_ids[start : start + LOOKS_AT_ONCE])
        for job_id, seq in found.items():
            if seq != seen.get(job_id):
                self._bus.tell(Notification(job_id, seq))
        return found

    async def _load_jobs(self, wanted: Sequence[tuple[UUID, UUID]]) -> dict[tuple[UUID, UUID], JobFacts]:
        async with self._database.reading() as session:
            rows = await events.jobs_of_accounts(session, wanted)
        return {(job.account_id, job.id): JobFacts.of(job) for job in rows}

    async def _load_rows(self, wanted: Sequence[tuple[UUID, int]]) -> dict[tuple[UUID, int], list[Event]]:
        async with self._database.reading() as session:
            rows = await events.after(session, wanted)
        return {(job_id, heard): [Event(job_id, *row) for row in told] for (job_id, heard), told in rows.items()}
