"""The end of a job in one statement, whichever end it is; `services/jobs/endings.py` says what each of them means."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import TextClause, bindparam, text

from backplane.db.models import Job, JobEvent
from backplane.db.session import Session
from backplane.db.work import AnyJob

# Text, and one round trip: it is written for each job, and five statements that were built anew took a third of what
# a small job took the worker.
END = """
WITH ended AS (
    UPDATE jobs SET {columns}, event_seq = event_seq + 1, lease_until = NULL, completed_at = now(),
        retained_until = now() + make_interval(days => CAST(retention_days AS integer)),
        expires_at = now() + make_interval(days => CAST(retention_days AS integer))
    WHERE id = :job_id AND fencing_token = :fencing_token AND {condition}
    RETURNING id, event_seq
), inputs AS (
    UPDATE blobs SET delete_after = least(delete_after, now() + make_interval(secs => :input_seconds))
    FROM ended WHERE job_id = ended.id AND starts_with(purpose, 'input')
), passwords AS (
    UPDATE idempotency_keys SET password_mac = NULL FROM ended WHERE object_id = ended.id AND password_mac IS NOT NULL
)
INSERT INTO job_events (job_id, seq, type, payload) SELECT id, event_seq, :type, :payload FROM ended
RETURNING seq
"""
UNLESS_CANCELLED = "status = 'processing' AND cancel_requested_at IS NULL"
CANCELLED_OR_NOT = "status = 'processing'"
IF_CANCELLED = "status IN ('pending', 'processing') AND cancel_requested_at IS NOT NULL"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a job, as it was just written."""

    event: JobEvent
    status: str
    details: Mapping[str, Any] | None = None
    """For the audit trail."""


async def end(
    session: Session,
    job: AnyJob,
    *,
    condition: str,
    type_: str,
    payload: dict[str, Any],
    status: str,
    input_seconds: int = 0,
    details: Mapping[str, Any] | None = None,
    **columns: Any,
) -> End | None:
    """Write these columns and the job's last event, where the job meets the condition; else None.

    Its input is deleted after so many seconds, and never later than was promised before.
    """
    columns |= {"status": status}
    statement = _statement(condition, tuple(sorted(columns)))
    values: dict[str, Any] = {"job_id": job.id, "fencing_token": job.fencing_token, "input_seconds": input_seconds}
    seq: int | None = await session.scalar(statement, columns | values | {"type": type_, "payload": payload})
    if seq is None:
        return None
    return End(JobEvent(job_id=job.id, seq=seq, type=type_, payload=payload), status, details)


@lru_cache
def _statement(condition: str, names: tuple[str, ...]) -> TextClause:
    columns = ", ".join(f"{name} = :{name}" for name in names)
    types = {name: Job.__table__.c[name].type for name in names} | {"payload": JobEvent.__table__.c.payload.type}
    return text(END.format(columns=columns, condition=condition)).bindparams(
        *(bindparam(name, type_=type_) for name, type_ in types.items())
    )
