"""Events of jobs, read for many followers in one statement."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, column, func, literal, select, true, tuple_

from backplane.db.models import Job, JobEvent
from backplane.db.session import ReadSession

EVENTS_AT_ONCE = 200
"""The limit per job and read: fifty jobs together are at most 10,000 small rows."""


async def jobs_of_accounts(session: ReadSession, wanted: Collection[tuple[UUID, UUID]]) -> list[Job]:
    """Find jobs by account and id: only its owner sees a job, and nobody sees a deleted one."""
    query = select(Job).where(tuple_(Job.account_id, Job.id).in_(wanted), Job.deleted_at.is_(None))
    return list(await session.scalars(query))


async def after(
    session: ReadSession, wanted: Sequence[tuple[UUID, int]]
) -> dict[tuple[UUID, int], list[tuple[int, str, dict[str, Any]]]]:
    """Read the events after each of these numbers: seq, type and payload, in order."""
    # Arrays and not a list of values: one prepared statement for any number of jobs.
    pairs = (
        func.unnest(
            literal([job_id for job_id, _ in wanted], ARRAY(Uuid)), literal([seq for _, seq in wanted], ARRAY(Integer))
        )
        .table_valued(column("job_id", Uuid), column("last_seq", Integer))
        .render_derived(name="wanted")
    )
    later = (
        select(JobEvent.seq, JobEvent.type, JobEvent.payload)
        .where(JobEvent.job_id == pairs.c.job_id, JobEvent.seq > pairs.c.last_seq)
        .order_by(JobEvent.seq)
        .limit(EVENTS_AT_ONCE + 1)  # one more, to know whether further events follow
        .lateral("later")
    )
    query = (
        select(pairs.c.job_id, pairs.c.last_seq, later.c.seq, later.c.type, later.c.payload)
        .join_from(pairs, later, true())
        .order_by(pairs.c.job_id, pairs.c.last_seq, later.c.seq)
    )
    found: defaultdict[tuple[UUID, int], list[tuple[int, str, dict[str, Any]]]] = defaultdict(list)
    for job_id, last_seq, *event in await session.execute(query):
        found[job_id, last_seq].append(tuple(event))
    return found


async def last_of(session: ReadSession, job_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return the last event number of each of these jobs."""
    query = select(Job.id, Job.event_seq).where(Job.id == func.any(literal(job_ids, ARRAY(Uuid))))
    return {row.id: row.event_seq for row in await session.execute(query)}
