"""Dead letters: jobs that ended as `poison`. Operators list them, and redrive them once the cause is fixed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.db.models import Job
from backplane.db.repositories import dead_letters, users
from backplane.db.session import Database, ReadSession
from backplane.errors import InsufficientScope, NotFound
from backplane.services.audit import acts, trail
from backplane.services.jobs.endings import Endings
from backplane.services.jobs.steering import Steering
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.caller import Actor, Caller


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up, without any data of its picture."""

    job_id: UUID
    account_id: UUID
    kind: str
    attempts: int
    retries: int
    last_stage: str
    image: dict[str, Any] | None
    can_be_redriven: bool
    """Whether its input still exists."""
    created_at: datetime
    failed_at: datetime | None

    @classmethod
    def of(cls, job: Job, *, can_be_redriven: bool) -> "DeadLetter":
        return cls(
            job_id=job.id,
            account_id=job.account_id,
            kind=job.kind,
            attempts=job.attempts,
            retries=job.retries,
            last_stage=job.stage,
            image=job.image,
            can_be_redriven=can_be_redriven,
            created_at=job.created_at,
            failed_at=job.completed_at,
        )


class DeadLetters:
    """Dead letters for operators: a user who is one, or a person at the machine itself."""

    def __init__(self, database: Database, steering: Steering, endings: Endings) -> None:
        self._database = database
        self._steering = steering
        self._endings = endings

    async def page(self, caller: Caller, *, limit: int, before: UUID | None = None) -> tuple[list[DeadLetter], bool]:
        """Return up to `limit` dead letters, newest first, and whether there are more.

        Raises:
            InsufficientScope: the user is no operator.
        """
        async with self._database.reading() as session:
            await _require_operator(session, caller)
            rows = await dead_letters.page(session, limit=limit + 1, before=before)
            kept = await dead_letters.with_inputs(session, [row.id for row in rows])
        letters = [DeadLetter.of(row, can_be_redriven=row.id in kept) for row in rows[:limit]]
        return letters, len(rows) > limit

    async def redrive(self, caller: Caller, job_id: UUID) -> JobFacts:
        """Put the job back into the queue, with three new attempts.

        Raises:
            InsufficientScope: the user is no operator.
            NotFound: there is no such dead letter.
            Gone: its input is no longer kept.
        """
        async with self._database.transaction() as session:
            await _require_operator(session, caller)
            job = await dead_letters.lock(session, job_id)
            if job is None:
                raise NotFound
            event = await self._steering.requeue(session, caller, job)
            details = {"owner": ids.to_wire("acc", job.account_id)}
            acts.record(session, caller, "job.redrive", job.account_id, job.id, outcome=trail.ACCEPTED, details=details)
            await session.reload(job)
        await self._endings.notify(event)
        return JobFacts.of(job)


async def _require_operator(session: ReadSession, caller: Caller) -> None:
    if caller.actor is Actor.OPERATOR:
        return
    user = await users.by_id(session, caller.user_id) if caller.user_id is not None else None
    if user is None or not user.operator:
        raise InsufficientScope("This is for operators of the installation")
