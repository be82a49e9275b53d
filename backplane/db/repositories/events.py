"""What jobs' followers are told, read for many of them in one statement."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, column, func, literal, select, true, tuple_

from backplane.db.models import Job, JobEvent
from backplane.db.session import ReadSession

EVENTS_AT_ONCE = 200
"""Of one job in one answer: fifty jobs that are read together are 10,000 small rows at most."""


async def jobs_of_accounts(session: ReadSession, wanted: Collection[tuple[UUID, UUID]]) -> list[Job]:
    """Find jobs by account and id: only its owner sees a job, and nobody a deleted one."""
    query = select(Job).where(tuple_(Job.account_id, Job.id).in_(wanted), Job.deleted_at.is_(None))
    return list(await session.scalars(query))


async def after(
    session: ReadSession, wanted: Sequence[tuple[UUID, int]]
) -> dict[tuple[UUID, int], list[tuple[int, str, dict[str, Any]]]]:
    """Read what came after each of these numbers: the events' seq, type and payload, in order."""
    # Arrays and not a list of values: one prepared statement, however many are asked for.
    pairs = (
        func.unnest(
            literal([job_id for job_id, _ in wanted], ARRAY(Uuid)), literal([seq for _, seq in wanted], ARRAY(Integer))
        )
        .table_valued(column("job_id", Uuid), column("heard", Integer))
        .render_derived(name="wanted")
    )
    later = (
        select(JobEvent.seq, JobEvent.type, JobEvent.payload)
        .where(JobEvent.job_id == pairs.c.job_id, JobEvent.seq > pairs.c.heard)
        .order_by(JobEvent.seq)
        .limit(EVENTS_AT_ONCE + 1)  # so that whether there are more is known
        .lateral("later")
    )
    query = (
        select(pairs.c.job_id, pairs.c.heard, later.c.seq, later.c.type, later.c.payload)
        .join_from(pairs, later, true())
        .order_by(pairs.c.job_id, pairs.c.heard, later.c.seq)
    )
    found: defaultdict[tuple[UUID, int], list[tuple[int, str, dict[str, Any]]]] = defaultdict(list)
    for job_id, heard, *event in await session.execute(query):
        found[job_id, heard].append(tuple(event))
    return found


async def last_of(session: ReadSession, job_ids: Sequence[UUID]) -> dict[UUID, int]:
    """Tell how far each of these jobs has come."""
    query = select(Job.id, Job.event_seq).where(Job.id == func.any(literal(job_ids, ARRAY(Uuid))))
    return {row.id: row.event_seq for row in await session.execute(query)}
