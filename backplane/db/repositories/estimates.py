"""What waits, and how fast jobs of a sort were lately: figures that estimates are made of."""

from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Text as TextType
from sqlalchemy import column, func, select, true, values

from backplane.db.models import Job
from backplane.db.session import ReadSession

LATELY = 200
"""Jobs of a kind that its pace is taken from: enough for a median, few enough to follow a machine that changes."""


class Waiting(NamedTuple):
    """The jobs of one account and kind that wait in one priority."""

    priority: int
    account_id: UUID
    kind: str
    jobs: int
    base_ms: int


class Pace(NamedTuple):
    """Time that jobs of a sort took, as a multiple of what their sizes let expect: the median, and of how many."""

    kind: str
    purity: str | None
    layout: str | None
    analyze: bool
    ratio: float
    jobs: int


async def waiting(session: ReadSession) -> list[Waiting]:
    groups = (Job.priority, Job.account_id, Job.kind)
    rows = await session.execute(
        select(*groups, func.count(), func.coalesce(func.sum(Job.base_ms), 0))
        .where(Job.status == "pending")
        .group_by(*groups)
    )
    return [Waiting(*row[:4], int(row[4])) for row in rows]


async def paces(session: ReadSession, kinds: Sequence[str]) -> list[Pace]:
    """Compare measured with expected times over the last jobs of each kind that completed at their first attempt."""
    seconds = func.extract("epoch", Job.completed_at - Job.started_at)
    kind = values(column("kind", TextType), name="kinds").data([(kind,) for kind in kinds]).alias("kinds")
    sort = (Job.kind, Job.purity_requested, Job.layout, Job.analyze)
    lately = (
        select(*sort, (seconds * 1000 / Job.base_ms).label("ratio"))
        .where(Job.kind == kind.c.kind, Job.status == "completed", _at_first_attempt(), Job.base_ms > 0)
        .order_by(Job.completed_at.desc())
        .limit(LATELY)
        .lateral("lately")
    )
    median = func.percentile_cont(0.5).within_group(lately.c.ratio)
    groups = [lately.c[name.key] for name in sort]
    rows = await session.execute(
        select(*groups, median, func.count()).select_from(kind.join(lately, true())).group_by(*groups)
    )
    return [Pace(*row[:4], float(row[4]), row[5]) for row in rows]


def _at_first_attempt() -> Any:
    return (Job.attempts == 1) & (Job.retries == 0)
