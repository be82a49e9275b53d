"""What is told to webhooks, written in the transaction that makes it true: an event, and a delivery for each receiver.

An event has one id for ever, and a job has one event for each of its ends. Where nobody listens nothing is written.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.db.models import Batch, Job, JobEvent, WebhookDelivery, WebhookEndpoint, WebhookEvent
from backplane.db.repositories import batches, webhooks
from backplane.db.session import Session

JOB_EVENTS = ("job.completed", "job.failed", "job.cancelled")
BATCH_COMPLETED = "batch.completed"
EVENTS = (*JOB_EVENTS, BATCH_COMPLETED)
TEST = "webhook.test"

ENDS = ("completed", "failed", "cancelled")
API = "/api/v1"


async def note_job_end(session: Session, job: Job, event: JobEvent, status: str) -> None:
    """Tell whoever wants to know that a job has ended; in the transaction that ends it."""
    type_ = f"job.{status}"
    listening = await webhooks.listeners(session, job.account_id, type_)
    if not listening and job.webhook_url is None:
        return
    row = await webhooks.job_at_its_end(session, job.id)
    told = _event(job.account_id, type_, job.id, seq=event.seq, data=_job_data(row))
    await _tell(session, told, listening, webhook_url=job.webhook_url)


async def note_batch_end(session: Session, batch: Batch) -> None:
    """Tell that the last job of a batch has ended; in the transaction that ends it.

    After a retry of what failed a batch ends again, and that is another event.
    """
    listening = await webhooks.listeners(session, batch.account_id, BATCH_COMPLETED)
    if not listening and batch.webhook_url is None:
        return
    counts = {status: count for _, status, count in await batches.counts(session, [batch.id])}
    told = _event(batch.account_id, BATCH_COMPLETED, batch.id, seq=batch.endings, data=_batch_data(batch, counts))
    await _tell(session, told, listening, webhook_url=batch.webhook_url)


async def add_test(session: Session, endpoint: WebhookEndpoint) -> tuple[WebhookDelivery, WebhookEvent]:
    """Write a message that says nothing but that messages arrive."""
    data = {"webhook_id": ids.to_wire("whk", endpoint.id)}
    event = _event(endpoint.account_id, TEST, endpoint.id, seq=None, data=data)
    delivery = _delivery(event, endpoint.id)
    await webhooks.add_event(session, event, [delivery])
    return delivery, event


async def _tell(session: Session, event: WebhookEvent, listening: list[UUID], *, webhook_url: bytes | None) -> None:
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
    """Say what became of a job and where it is: ids, status and addresses, never a key and nothing of a picture."""
    wire = ids.to_wire("job", row.id)
    place = f"{API}/jobs/{wire}"
    completed = row.status == "completed"
    has_key = completed and row.kind == "encrypt"
    analyzed = row.analysis_version is not None
    return {
        "job_id": wire,
        "batch_id": ids.to_wire("bat", row.batch_id) if row.batch_id is not None else None,
        "kind": row.kind,
        "status": row.status,
        "job_url": place,
        "result_url": f"{place}/result" if completed else None,
        "key_file_url": f"{place}/key-file" if has_key else None,
        "material_url": f"{place}/material" if has_key and row.purity_served == "maximum" else None,
        "receipt_url": f"{place}/receipt" if row.has_receipt else None,
        "analysis_url": f"{API}/analyze/{wire}" if analyzed else None,
        "report_url": f"{place}/report" if analyzed else None,
        "error": _error(row) if row.error_code is not None else None,
        "attempts": row.attempts,
        "created_at": moment(row.created_at),
        "completed_at": moment(row.completed_at),
    }


def _error(row: Any) -> dict[str, Any]:
    return {"code": row.error_code, "title": row.error_title, "detail": row.error_detail}


def _batch_data(batch: Batch, counts: dict[str, int]) -> dict[str, Any]:
    wire = ids.to_wire("bat", batch.id)
    place = f"{API}/batches/{wire}"
    ended = {status: counts.get(status, 0) for status in ENDS}
    return {
        "batch_id": wire,
        "counts": {"total": sum(counts.values()), **ended},
        "batch_url": place,
        "result_url": f"{place}/result" if ended["completed"] else None,
        "created_at": moment(batch.created_at),
        "completed_at": moment(batch.completed_at) if batch.completed_at is not None else None,
    }


def moment(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
