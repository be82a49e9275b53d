"""Webhook events, written in the transaction that causes them, with a delivery for each receiver.

An event keeps its id forever, and a job has one event for each of its ends. Without a subscribed endpoint no event is
written.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.db.models import Batch, Job, WebhookDelivery, WebhookEndpoint, WebhookEvent
from backplane.db.repositories import batches, webhooks
from backplane.db.repositories.ends import End
from backplane.db.session import Session
from backplane.db.work import AnyJob
from backplane.services.requests.links import JobLinks, batch_url

JOB_EVENTS = ("job.completed", "job.failed", "job.cancelled")
BATCH_COMPLETED = "batch.completed"
EVENTS = (*JOB_EVENTS, BATCH_COMPLETED)
TEST = "webhook.test"

ENDS = ("completed", "failed", "cancelled")


class WebhookEvents:
    """Follow the ends of jobs and batches: write an event for the subscribed endpoints."""

    async def job_ended(self, session: Session, job: AnyJob, end: End) -> None:
        type_ = f"job.{end.status}"
        listening = await webhooks.listeners(session, job.account_id, type_)
        if not listening and job.webhook_url is None:
            return
        row = await webhooks.job_at_its_end(session, job.id)
        event = _event(job.account_id, type_, job.id, seq=end.event.seq, data=_job_data(row))
        await _send(session, event, listening, webhook_url=job.webhook_url)

    async def job_requeued(self, session: Session, job: Job) -> None:
        """Do nothing: the messages about its end stay true, and the retry makes an event when it ends."""

    async def batch_ended(self, session: Session, batch: Batch) -> None:
        """Write the event of the batch's end. After a retry a batch ends again, and that is another event."""
        listening = await webhooks.listeners(session, batch.account_id, BATCH_COMPLETED)
        if not listening and batch.webhook_url is None:
            return
        counts = {status: count for _, status, count in await batches.counts(session, [batch.id])}
        data = _batch_data(batch, counts)
        event = _event(batch.account_id, BATCH_COMPLETED, batch.id, seq=batch.endings, data=data)
        await _send(session, event, listening, webhook_url=batch.webhook_url)


async def add_test(session: Session, endpoint: WebhookEndpoint) -> tuple[WebhookDelivery, WebhookEvent]:
    """Write a test message, which only shows that messages arrive."""
    data = {"webhook_id": ids.to_wire("whk", endpoint.id)}
    event = _event(endpoint.account_id, TEST, endpoint.id, seq=None, data=data)
    delivery = _delivery(event, endpoint.id)
    await webhooks.add_event(session, event, [delivery])
    return delivery, event


async def add_security(
    session: Session, account_id: UUID, rule: str, security_event_id: UUID, data: dict[str, Any]
) -> None:
    """Write the event of what a rule on the audit trail found, for the subscribed endpoints of an account."""
    type_ = f"security.{rule}"
    listening = await webhooks.listeners(session, account_id, type_)
    await _send(session, _event(account_id, type_, security_event_id, seq=None, data=data), listening, webhook_url=None)


async def _send(session: Session, event: WebhookEvent, listening: list[UUID], *, webhook_url: bytes | None) -> None:
    deliveries = [_delivery(event, endpoint_id) for endpoint_id in listening]
    if webhook_url is not None:
        default = await webhooks.default_listener(session, event.account_id)
        deliveries += [_delivery(event, endpoint_id, url=webhook_url) for endpoint_id in default]
    if deliveries:
        await webhooks.add_event(session, event, deliveries)


def _event(account_id: UUID, type_: str, subject_id: UUID, *, seq: int | None, data: dict[str, Any]) -> WebhookEvent:
    return WebhookEvent(id=ids.new(), account_id=account_id, type=type_, subject_id=subject_id, seq=seq, data=data)


def _delivery(event: WebhookEvent, endpoint_id: UUID, *, url: bytes | None = None) -> WebhookDelivery:
    return WebhookDelivery(
        id=ids.new(), account_id=event.account_id, event_id=event.id, endpoint_id=endpoint_id, url=url
    )


def _job_data(row: Any) -> dict[str, Any]:
    """Describe the end of a job: ids, status and paths, never a key or anything of the picture."""
    return {
        "job_id": ids.to_wire("job", row.id),
        "batch_id": ids.to_wire("bat", row.batch_id) if row.batch_id is not None else None,
        "kind": row.kind,
        "status": row.status,
        **asdict(JobLinks.of(row)),
        "error": _error(row) if row.error_code is not None else None,
        "attempts": row.attempts,
        "created_at": moment(row.created_at),
        "completed_at": moment(row.completed_at),
    }


def _error(row: Any) -> dict[str, Any]:
    return {"code": row.error_code, "title": row.error_title, "detail": row.error_detail}


def _batch_data(batch: Batch, counts: dict[str, int]) -> dict[str, Any]:
    place = batch_url(batch.id)
    ended = {status: counts.get(status, 0) for status in ENDS}
    return {
        "batch_id": ids.to_wire("bat", batch.id),
        "counts": {"total": sum(counts.values()), **ended},
        "batch_url": place,
        "result_url": f"{place}/result" if ended["completed"] else None,
        "created_at": moment(batch.created_at),
        "completed_at": moment(batch.completed_at) if batch.completed_at is not None else None,
    }


def moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
