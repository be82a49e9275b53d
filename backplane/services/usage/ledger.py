"""The usage ledger: each run of a job is charged once, and a run that failed or was cancelled is refunded once.

A run is a submission, a retry or a redrive. The charge is written in the transaction that creates the run, and the
refund in the transaction that ends it; so neither exists without the other's cause, whatever crashes. The entries of a
run have one key each, and a second one is not written.
"""

from collections.abc import Sequence
from uuid import UUID

from backplane.db.models import Job
from backplane.db.repositories import usage
from backplane.db.repositories.ends import End
from backplane.db.repositories.usage import Charge
from backplane.db.session import Session
from backplane.db.work import AnyJob

REFUNDED = frozenset({"failed", "cancelled"})


async def charge(session: Session, account_id: UUID, jobs: Sequence[Job], *, api_call: bool = False) -> None:
    """Charge the jobs of one request, as they are now."""
    charges = [
        Charge(job.id, job.retries or 0, job.kind, calls=int(api_call and number == 0))
        for number, job in enumerate(jobs)
    ]
    if charges:
        await usage.charge(session, account_id, charges)


class QuotaRefund:
    """Follow the ends of jobs: a job that made nothing costs nothing."""

    async def job_ended(self, session: Session, job: AnyJob, end: End) -> None:
        if end.status in REFUNDED:
            await usage.refund(session, job.id)

    async def job_requeued(self, session: Session, job: Job) -> None:
        """Do nothing: who retries is known where the retry is charged."""
