"""Entries of the audit trail."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.actions import Action
from backplane.db.models import AuditEvent, Job
from backplane.db.repositories import audit
from backplane.db.repositories.ends import End
from backplane.db.session import Session
from backplane.db.work import AnyJob
from backplane.kinds import KINDS
from backplane.services.audit.persons import PersonStage
from backplane.services.requests.caller import NO_ACCOUNT, Caller

ACCEPTED, SUCCESS, FAILURE, CANCELLED = "accepted", "success", "failure", "cancelled"
OUTCOMES = {"completed": SUCCESS, "failed": FAILURE, "cancelled": CANCELLED}
"""Outcomes in the trail, by the status of an ended job."""


def record(
    session: Session,
    caller: Caller,
    action: Action,
    object_id: UUID | None = None,
    *,
    outcome: str = SUCCESS,
    details: Mapping[str, Any] | None = None,
    person: Mapping[str, str] | None = None,
) -> None:
    """Write an entry in the transaction of the session; the sealer gives it its place within a second.

    `person` holds what is about a person, such as `email` or `device`; the caller's address is added. It rests
    encrypted and is readable until the user is erased. `details` must hold nothing of that kind.
    """
    event_id = ids.new()
    fields = {**({"address": caller.address} if caller.address else {}), **(person or {})}
    event = AuditEvent(
        id=event_id,
        action=action,
        outcome=outcome,
        account_id=caller.account_id if caller.account_id != NO_ACCOUNT else None,
        object_id=object_id,
        request_id=caller.request_id,
        details=dict(details or {}),
        actor=caller.actor.value,
        user_id=caller.user_id,
        api_key_id=caller.api_key_id,
        role=caller.role,
        person=PersonStage.of(session).stage(event_id, fields) if fields else None,
    )
    audit.add(session, event)


class AuditTrail:
    """Follow the ends of jobs: write an entry for each, under the request that submitted the job."""

    async def job_ended(self, session: Session, job: AnyJob, end: End) -> None:
        caller = Caller.system(job.account_id, request_id=job.request_id)
        outcome = OUTCOMES[end.status]
        record(session, caller, KINDS[job.kind].action, job.id, outcome=outcome, details=end.details)

    async def job_requeued(self, session: Session, job: Job) -> None:
        """Do nothing: the retry itself already has an entry."""
