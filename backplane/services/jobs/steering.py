"""What an owner, or the operator, does to a job that is there: cancel it, try it again, delete it.

Each act is done to a job that `jobs.lock` has found, in the caller's transaction, and writes its audit entry there.
What it returns is to be rung after the commit.
"""

from uuid import UUID

from backplane.bus import RedisBus
from backplane.db.models import Job, JobEvent
from backplane.db.repositories import audit, blobs, jobs
from backplane.db.session import Database, Session
from backplane.errors import Gone, JobFinished, JobNotFinished, NotFound
from backplane.services.batches import endings as batch_endings
from backplane.services.jobs import endings
from backplane.services.jobs.notes import NoteReader
from backplane.services.jobs.views import ENDED, JobFacts
from backplane.services.requests.submission import Order
from backplane.services.sealing.job_secrets import open_for_job, seal_for_job
from backplane.vault import LocalVault


class Steering:
    """The acts as an owner asks for them, each in a transaction of its own."""

    def __init__(self, database: Database, bus: RedisBus, vault: LocalVault) -> None:
        self._database = database
        self._bus = bus
        self._vault = vault

    async def cancel(self, account_id: UUID, job_id: UUID, *, request_id: str | None) -> JobFacts:
        """Cancel the job, or ask for it; raises as `cancel`, and NotFound."""
        async with self._database.transaction() as session:
            job = await _find(session, account_id, job_id)
            event = await cancel(session, job, request_id=request_id)
            await session.refresh(job)
        if event is not None:
            await endings.notification(self._bus, event)
        return JobFacts.of(job, NoteReader(self._vault, account_id).read(job))

    async def retry(self, order: Order, job_id: UUID) -> JobFacts:
        """Try the job again; raises as `retry`, and NotFound."""
        async with self._database.transaction() as session:
            await order.made(session, "job", job_id)
            job = await _find(session, order.account_id, job_id)
            event = await retry(session, self._vault, job, request_id=order.request_id)
            await session.refresh(job)
        await endings.notification(self._bus, event)
        return JobFacts.of(job, NoteReader(self._vault, order.account_id).read(job))

    async def delete(self, account_id: UUID, job_id: UUID, *, request_id: str | None) -> None:
        """Delete the job; raises as `delete`, and NotFound."""
        async with self._database.transaction() as session:
            await delete(session, await _find(session, account_id, job_id), request_id=request_id)


async def _find(session: Session, account_id: UUID, job_id: UUID) -> Job:
    job = await jobs.lock(session, job_id, account_id=account_id)
    if job is None:
        raise NotFound
    return job


async def cancel(session: Session, job: Job, *, request_id: str | None) -> JobEvent | None:
    """Cancel a job that waits, or ask the worker that has it to stop; of a cancelled one there is nothing to do.

    Raises:
        JobFinished: it has completed or failed.
    """
    if job.status == "cancelled":
        return None
    if job.status in ENDED:
        raise JobFinished(f"The job has {job.status}: there is nothing left to cancel")
    if job.cancel_requested_at is None:
        _write_down(session, job, "job.cancel", outcome="accepted", request_id=request_id)
    await jobs.request_cancel(session, job)
    return await endings.cancel(session, job) if job.status == "pending" else None


async def retry(session: Session, vault: LocalVault, job: Job, *, request_id: str | None) -> JobEvent:
    """Put a failed job back into the queue with what was sent for it.

    Raises:
        JobNotFinished: it waits or is being processed.
        JobFinished: it has completed or was cancelled.
        Gone: what was sent for it is no longer kept.
    """
    if job.status not in ENDED:
        raise JobNotFinished("The job has not finished: only one that has failed can be tried again")
    if job.status != "failed":
        raise JobFinished(f"The job has {job.status}: only one that has failed can be tried again")
    kept = await blobs.keep_inputs(session, job.id)
    if kept is None or (job.kind == "decrypt" and job.secret is None):
        raise Gone("What was sent for this job is no longer kept: send it again")
    # It was sealed under the key of the day on which it was sent, which may be destroyed before the next attempt.
    if job.secret is not None:
        job.secret = _reseal(vault, job, job.secret)
    for blob in kept:
        blob.sealed = _reseal(vault, job, blob.sealed) if blob.sealed is not None else None
    _write_down(session, job, "job.retry", outcome="accepted", request_id=request_id)
    event = await jobs.queue_again(session, job)
    await batch_endings.note_retry(session, job)
    return event


async def delete(session: Session, job: Job, *, request_id: str | None, action: str = "job.delete") -> None:
    """Make an ended job invisible at once, and let the sweeper delete its objects; the key it made stays.

    Raises:
        JobNotFinished: it waits or is being processed.
    """
    if job.status not in ENDED:
        raise JobNotFinished("The job has not finished: cancel it first")
    await jobs.delete(session, job)
    await blobs.expire_all(session, job.id)
    _write_down(session, job, action, outcome="success", request_id=request_id)


def _reseal(vault: LocalVault, job: Job, sealed: bytes) -> bytes:
    value = open_for_job(vault, account_id=job.account_id, job_id=job.id, sealed=sealed)
    return seal_for_job(vault, account_id=job.account_id, job_id=job.id, value=value)


def _write_down(session: Session, job: Job, action: str, *, outcome: str, request_id: str | None) -> None:
    audit.add(
        session,
        action=action,
        outcome=outcome,
        account_id=job.account_id,
        object_id=job.id,
        request_id=request_id,
        details={"kind": job.kind},
    )
