"""The ends of jobs: the only code that ends one, and what follows from its end.

All of it is in the caller's transaction: the job's new state, its last event, and what the followers write are
committed together or not at all. The end is a compare-and-set on state and fencing token, so of two callers one ends
the job.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from backplane.bus import RedisBus
from backplane.db.models import Job, JobEvent
from backplane.db.repositories import ends, jobs
from backplane.db.repositories.ends import End
from backplane.db.session import Session, after_commit
from backplane.db.work import AnyJob
from backplane.metrics import JOBS_ENDED
from backplane.services.requests import links

FAILED_INPUT_SECONDS = 24 * 3600
"""How long the input and the secret of a failed job are kept, so that its owner can retry it."""


class Follower(Protocol):
    """Something that follows from the end of a job, in the same transaction."""

    async def job_ended(self, session: Session, job: AnyJob, end: End) -> None: ...

    async def job_requeued(self, session: Session, job: Job) -> None:
        """The end of a failed job is taken back: its owner retries it."""


class Endings:
    """Ends jobs, and tells the followers, in their order."""

    def __init__(self, bus: RedisBus, followers: Sequence[Follower]) -> None:
        self._bus = bus
        self._followers = followers

    async def complete(
        self, session: Session, job: AnyJob, *, columns: Mapping[str, Any], details: Mapping[str, Any] | None = None
    ) -> JobEvent | None:
        """End a job that is being processed under this fencing token, unless its owner has asked to cancel it."""
        end = await ends.end(
            session,
            job,
            condition=ends.UNLESS_CANCELLED,
            type_="completed",
            payload={"result_url": links.result_url(job.id)},
            status="completed",
            details=details,
            **{**columns, "stage": "completed", "progress": 100, "secret": None},
        )
        return await self._follow(session, job, end)

    async def fail(
        self, session: Session, job: AnyJob, *, code: str, title: str, detail: str | None = None
    ) -> JobEvent | None:
        """End a job without a result; its input and its secret are kept for a day, so that it can be retried."""
        end = await ends.end(
            session,
            job,
            condition=ends.CANCELLED_OR_NOT,
            type_="error",
            payload={"error": {"code": code, "title": title, "detail": detail}},
            status="failed",
            input_seconds=FAILED_INPUT_SECONDS,
            details={"code": code},
            error_code=code,
            error_title=title,
            error_detail=detail,
        )
        return await self._follow(session, job, end)

    async def cancel(self, session: Session, job: AnyJob) -> JobEvent | None:
        """End a job that waits, or is being processed under this fencing token, where its owner has asked for it."""
        end = await ends.end(
            session,
            job,
            condition=ends.IF_CANCELLED,
            type_="cancelled",
            payload={},
            status="cancelled",
            secret=None,
        )
        return await self._follow(session, job, end)

    async def requeue(self, session: Session, job: Job) -> JobEvent:
        """Put a failed job back into the queue, as if it had never been tried."""
        event = await jobs.queue_again(session, job)
        for follower in self._followers:
            await follower.job_requeued(session, job)
        return event

    async def notify(self, event: JobEvent | None) -> None:
        """Notify those who follow the job, after the commit; without an event there is nothing to do."""
        if event is not None:
            await self._bus.publish(event.job_id, {"seq": event.seq, "type": event.type, "payload": event.payload})

    async def _follow(self, session: Session, job: AnyJob, end: End | None) -> JobEvent | None:
        if end is None:
            return None
        for follower in self._followers:
            await follower.job_ended(session, job, end)
        after_commit(session, JOBS_ENDED.labels(kind=job.kind, status=end.status).inc)
        return end.event
