"""Following a job: the present state, then every event after a number, then what comes."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backplane.bus import RedisBus
from backplane.db.repositories import jobs
from backplane.db.session import Database
from backplane.errors import NotFound
from backplane.services.jobs import JobFacts

TERMINAL = frozenset({"completed", "error", "cancelled"})
LOOK_SECONDS = 2.0
"""How long a follower trusts a silent bell before it looks at the rows: what a broken Redis costs in delay."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; `seq` is dense from 1 within the job."""

    job_id: UUID
    seq: int
    type: str
    payload: dict[str, Any]

    @property
    def terminal(self) -> bool:
        return self.type in TERMINAL


class ProgressFeed:
    def __init__(self, database: Database, bus: RedisBus) -> None:
        self._database = database
        self._bus = bus

    async def follow(
        self, account_id: UUID, job_id: UUID, *, last_seq: int = 0
    ) -> AsyncGenerator[JobFacts | Event | None]:
        """Yield the job as it stands, then its events after `last_seq` without a gap, and end after the last one.

        None comes at least every two seconds in which nothing happens, so that the caller can look whether anyone still
        listens.
        """
        with self._bus.listen(job_id) as listener:
            facts, missed = await self._look(account_id, job_id, last_seq)
            yield facts
            if facts.ended and not missed:
                return
            seq = min(last_seq, facts.event_seq)
            while True:
                for event in missed:
                    seq = event.seq
                    yield event
                    if event.terminal:
                        return
                if len(missed) == jobs.EVENTS_AT_ONCE:
                    missed = await self._events(job_id, seq)
                    continue
                rung = await listener.next(LOOK_SECONDS)
                if rung is not None and rung["seq"] <= seq:
                    missed = []
                elif rung is not None and rung["seq"] == seq + 1:
                    missed = [Event(job_id, rung["seq"], rung["type"], rung["payload"])]
                else:
                    if rung is None:
                        yield None
                    missed = await self._events(job_id, seq)

    async def _look(self, account_id: UUID, job_id: UUID, last_seq: int) -> tuple[JobFacts, list[Event]]:
        async with self._database.transaction() as session:
            job = await jobs.of_account(session, account_id, job_id)
            if job is None:
                raise NotFound
            rows = await jobs.events_after(session, job_id, last_seq)
        return JobFacts.of(job), [Event(job_id, row.seq, row.type, row.payload) for row in rows]

    async def _events(self, job_id: UUID, seq: int) -> list[Event]:
        async with self._database.transaction() as session:
            rows = await jobs.events_after(session, job_id, seq)
        return [Event(job_id, row.seq, row.type, row.payload) for row in rows]
