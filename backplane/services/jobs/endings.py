"""The one place where a job ends, whoever ends it: its last event, its audit entry and what follows from its end.

All of it is in the caller's transaction, and is there or not with the job's new state. The end is a compare-and-set on
state and fencing token, so of two that would end a job one does.
"""

from typing import Any

from backplane import ids
from backplane.bus import RedisBus
from backplane.db.models import Job, JobEvent
from backplane.db.repositories import audit, ends
from backplane.db.session import Session, after_commit
from backplane.metrics import JOBS_ENDED
from backplane.services.batches import endings as batch_endings
from backplane.services.webhooks import events as webhook_events

FAILED_INPUT_SECONDS = 24 * 3600
RESULT_URL = "/api/v1/jobs/{job}/result"


async def complete(
    session: Session, job: Job, *, columns: dict[str, Any], details: dict[str, Any] | None = None
) -> JobEvent | None:
    """End a job that is being processed under this fencing token, unless its owner has asked to cancel it."""
    payload = {"result_url": RESULT_URL.format(job=ids.to_wire("job", job.id))}
    done = {"status": "completed", "stage": "completed", "progress": 100, "secret": None}
    event = await ends.end(
        session, job, condition=ends.UNLESS_CANCELLED, type_="completed", payload=payload, **columns | done
    )
    if event is not None:
        await _follow(session, job, event, "completed", outcome="success", details=details)
    return event


async def fail(session: Session, job: Job, *, code: str, title: str, detail: str | None = None) -> JobEvent | None:
    """End a job without a result; its input and its secret are kept for a day, so that it can be tried again."""
    event = await ends.end(
        session,
        job,
        condition=ends.CANCELLED_OR_NOT,
        type_="error",
        payload={"error": {"code": code, "title": title, "detail": detail}},
        input_seconds=FAILED_INPUT_SECONDS,
        status="failed",
        error_code=code,
        error_title=title,
        error_detail=detail,
    )
    if event is not None:
        await _follow(session, job, event, "failed", outcome="failure", details={"code": code})
    return event


async def cancel(session: Session, job: Job) -> JobEvent | None:
    """End a job that waits, or is being processed under this fencing token, where its owner has asked for it."""
    event = await ends.end(
        session,
        job,
        condition=ends.IF_CANCELLED,
        type_="cancelled",
        payload={},
        status="cancelled",
        secret=None,
    )
    if event is not None:
        await _follow(session, job, event, "cancelled", outcome="cancelled")
    return event


async def notification(bus: RedisBus, event: JobEvent) -> None:
    """Tell the followers, after the commit."""
    await bus.publish(event.job_id, {"seq": event.seq, "type": event.type, "payload": event.payload})


async def _follow(
    session: Session, job: Job, event: JobEvent, status: str, *, outcome: str, details: dict[str, Any] | None = None
) -> None:
    audit.add(
        session,
        action=f"image.{job.kind}",
        outcome=outcome,
        account_id=job.account_id,
        object_id=job.id,
        request_id=job.request_id,
        details=details,
    )
    await webhook_events.note_job_end(session, job, event, status)
    await batch_endings.note_end(session, job)
    after_commit(session, JOBS_ENDED.labels(kind=job.kind, status=status).inc)
