"""Cancel, retry and delete jobs, for their owners and for operators.

Each action takes a job that `jobs.lock` has found, works in the caller's transaction, and writes its audit entry there.
The returned event is for `Endings.notify`, after the commit.
"""

from dataclasses import replace
from uuid import UUID

from backplane.actions import Action
from backplane.db.models import Job, JobEvent
from backplane.db.repositories import blobs, jobs
from backplane.db.session import Database, Session
from backplane.errors import Gone, JobFinished, JobNotFinished, NotFound
from backplane.kinds import KINDS
from backplane.services.audit import trail
from backplane.services.identity.rights import require_rights
from backplane.services.jobs.endings import Endings
from backplane.services.jobs.views import ENDED, JobFacts
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.sealing.job_secrets import open_for_job, seal_for_job
from backplane.services.sealing.notes import NoteReader
from backplane.services.usage import ledger
from backplane.services.usage.quotas import Quotas
from backplane.vault import LocalVault


class Steering:
    """Actions on jobs: `cancel`, `retry` and `delete` each in their own transaction, `requeue` in the caller's."""

    def __init__(self, database: Database, vault: LocalVault, endings: Endings, quotas: Quotas) -> None:
        self._database = database
        self._vault = vault
        self._endings = endings
        self._quotas = quotas

    async def cancel(self, caller: Caller, job_id: UUID) -> JobFacts:
        """Cancel a waiting job, or ask its worker to stop; a cancelled job stays as it is.

        Raises:
            NotFound: this account has no such job.
            JobFinished: it has completed or failed.
        """
        async with self._database.transaction() as session:
            job = await _find(session, caller, job_id)
            event = await self._cancel(session, caller, job)
            await session.reload(job)
        await self._endings.notify(event)
        return JobFacts.of(job, NoteReader(self._vault, caller.account_id).read(job))

    async def retry(self, submission: Submission, job_id: UUID) -> JobFacts:
        """Retry the job, and charge it again. Raises NotFound, QuotaExceeded, and the errors of `requeue`."""
        async with self._quotas.turn(submission.caller), self._database.transaction() as session:
            await require_rights(session, submission.caller, "jobs:write")
            await submission.record(session, "job", job_id)
            job = await _find(session, submission.caller, job_id)
            event = await self._requeue(session, submission.caller, job)
            # Waiting again, it counts with its reservation already. A retry creates no job, so it is no API call.
            caller, reserved = replace(submission.caller, program=False), job.reserved_bytes
            await self._quotas.require(session, caller, job, -reserved)
            await session.reload(job)
        await self._endings.notify(event)
        return JobFacts.of(job, NoteReader(self._vault, submission.account_id).read(job))

    async def delete(self, caller: Caller, job_id: UUID) -> None:
        """Delete the job. Raises NotFound, and the errors of the function `delete`."""
        async with self._database.transaction() as session:
            await delete(session, caller, await _find(session, caller, job_id))

    async def requeue(self, session: Session, caller: Caller, job: Job) -> JobEvent:
        """Put a failed job back into the queue with its original input; its account is charged, whatever its quota.

        Raises:
            JobNotFinished: it waits or is being processed.
            JobFinished: it has completed or was cancelled.
            Gone: its input is no longer kept.
        """
        event = await self._requeue(session, caller, job)
        await ledger.charge(session, job.account_id, [job])
        return event

    async def _requeue(self, session: Session, caller: Caller, job: Job) -> JobEvent:
        if job.status not in ENDED:
            raise JobNotFinished("The job has not finished: only one that has failed can be tried again")
        if job.status != "failed":
            raise JobFinished(f"The job has {job.status}: only one that has failed can be tried again")
        kept = await blobs.keep_inputs(session, job.id)
        if kept is None or (KINDS[job.kind].needs_secret and job.secret is None):
            raise Gone("What was sent for this job is no longer kept: send it again")
        # Their transit key may be destroyed before the next attempt.
        if job.secret is not None:
            job.secret = _reseal(self._vault, job, job.secret)
        for blob in kept:
            blob.sealed = _reseal(self._vault, job, blob.sealed) if blob.sealed is not None else None
        _record(session, caller, job, "job.retry", outcome=trail.ACCEPTED)
        return await self._endings.requeue(session, job)

    async def _cancel(self, session: Session, caller: Caller, job: Job) -> JobEvent | None:
        if job.status == "cancelled":
            return None
        if job.status in ENDED:
            raise JobFinished(f"The job has {job.status}: there is nothing left to cancel")
        if job.cancel_requested_at is None:
            _record(session, caller, job, "job.cancel", outcome=trail.ACCEPTED)
        await jobs.request_cancel(session, job)
        return await self._endings.cancel(session, job) if job.status == "pending" else None


async def _find(session: Session, caller: Caller, job_id: UUID) -> Job:
    job = await jobs.lock(session, job_id, account_id=caller.account_id)
    if job is None:
        raise NotFound
    return job


async def delete(session: Session, caller: Caller, job: Job, *, action: Action = "job.delete") -> None:
    """Make an ended job invisible at once, and let the sweeper delete its objects; the key it made stays.

    Raises:
        JobNotFinished: it waits or is being processed.
    """
    if job.status not in ENDED:
        raise JobNotFinished("The job has not finished: cancel it first")
    await jobs.delete(session, job)
    await blobs.expire_all(session, job.id)
    _record(session, caller, job, action)


def _reseal(vault: LocalVault, job: Job, sealed: bytes) -> bytes:
    value = open_for_job(vault, account_id=job.account_id, job_id=job.id, sealed=sealed)
    return seal_for_job(vault, account_id=job.account_id, job_id=job.id, value=value)


def _record(session: Session, caller: Caller, job: Job, action: Action, *, outcome: str = trail.SUCCESS) -> None:
    # An operator, or the sweeper, may act on the job of another account: the entry belongs to the owner.
    caller = replace(caller, account_id=job.account_id)
    trail.record(session, caller, action, job.id, outcome=outcome, details={"kind": job.kind})
