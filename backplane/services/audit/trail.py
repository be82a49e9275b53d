"""Entries of the audit trail."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backplane.db.models import Job
from backplane.db.repositories import audit
from backplane.db.repositories.ends import End
from backplane.db.session import Session
from backplane.db.work import AnyJob
from backplane.kinds import KINDS
from backplane.services.requests.caller import NO_ACCOUNT, Caller

ACCEPTED, SUCCESS, FAILURE, CANCELLED = "accepted", "success", "failure", "cancelled"
OUTCOMES = {"completed": SUCCESS, "failed": FAILURE, "cancelled": CANCELLED}
"""What the trail calls the end of a job, by the job's status."""


def record(
    session: Session,
    caller: Caller,
    action: str,
    object_id: UUID | None = None,
    *,
    outcome: str = SUCCESS,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry; it is there if the transaction is committed."""
    audit.add(
        session,
        action=action,
        outcome=outcome,
        account_id=caller.account_id if caller.account_id != NO_ACCOUNT else None,
        object_id=object_id,
        request_id=caller.request_id,
        details=details,
    )


class AuditTrail:
    """Follows the ends of jobs: each is an entry, for the request that submitted the job."""

    async def job_ended(self, session: Session, job: AnyJob, end: End) -> None:
        caller = Caller.system(job.account_id, request_id=job.request_id)
        outcome = OUTCOMES[end.status]
        record(session, caller, KINDS[job.kind].action, job.id, outcome=outcome, details=end.details)

    async def job_requeued(self, session: Session, job: Job) -> None:
        """Nothing: the caller who retries a job has an entry already."""
