"""Jobs that ended as `poison`, as an operator sees them: looked through, and sent again when the reason is gone."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.bus import RedisBus
from backplane.db.models import Job
from backplane.db.repositories import accounts, audit, dead_letters
from backplane.db.session import Database, ReadSession
from backplane.errors import InsufficientScope, NotFound
from backplane.services.jobs import endings, steering
from backplane.services.jobs.views import JobFacts
from backplane.vault import LocalVault


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A job that was given up; nothing in it tells what the picture shows."""

    job_id: UUID
    account_id: UUID
    kind: str
    attempts: int
    retries: int
    last_stage: str
    image: dict[str, Any] | None
    can_be_redriven: bool
    """What was sent for it is still there."""
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
    """`operator` is the account that asks, and has to be one; None is who stands at the machine itself."""

    def __init__(self, database: Database, bus: RedisBus, vault: LocalVault) -> None:
        self._database = database
        self._bus = bus
        self._vault = vault

    async def page(
        self, *, operator: UUID | None, limit: int, before: UUID | None = None
    ) -> tuple[list[DeadLetter], bool]:
        """Return so many dead letters, newest first, and whether there are more.

        Raises:
            InsufficientScope: the account is no operator.
        """
        async with self._database.reading() as session:
            await _require_operator(session, operator)
            rows = await dead_letters.page(session, limit=limit + 1, before=before)
            kept = await dead_letters.with_inputs(session, [row.id for row in rows])
        letters = [DeadLetter.of(row, can_be_redriven=row.id in kept) for row in rows[:limit]]
        return letters, len(rows) > limit

    async def redrive(self, job_id: UUID, *, operator: UUID | None, request_id: str | None) -> JobFacts:
        """Put the job back into the queue, with three new attempts.

        Raises:
            InsufficientScope: the account is no operator.
            NotFound: there is no such dead letter.
            Gone: what was sent for it is no longer kept.
        """
        async with self._database.transaction() as session:
            await _require_operator(session, operator)
            job = await dead_letters.lock(session, job_id)
            if job is None:
                raise NotFound
            event = await steering.retry(session, self._vault, job, request_id=request_id)
            audit.add(
                session,
                action="job.redrive",
                outcome="accepted",
                account_id=operator,
                object_id=job.id,
                request_id=request_id,
                details={"owner": ids.to_wire("acc", job.account_id)},
            )
            await session.refresh(job)
        await endings.notification(self._bus, event)
        return JobFacts.of(job)


async def _require_operator(session: ReadSession, account_id: UUID | None) -> None:
    if account_id is None:
        return
    account = await accounts.by_id(session, account_id)
    if account is None or not account.operator:
        raise InsufficientScope("This is for operators: the first account of an installation is one")
