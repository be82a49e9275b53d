from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Date, case, cast, func, select

from backplane.db.models import AnalysisSummary, Blob, Job
from backplane.db.session import ReadSession, Session

MEDIANS = ("entropy", "correlation", "chi_square_p", "npcr", "uaci", "duration_ms")


def add(session: Session, summary: AnalysisSummary) -> None:
    session.add(summary)


async def documents(session: ReadSession, account_id: UUID, job_ids: Sequence[UUID], purpose: str) -> dict[UUID, Blob]:
    """Find one kind of document of several jobs, by job."""
    rows = await session.scalars(
        select(Blob)
        .join(Job, Job.id == Blob.job_id)
        .where(Job.account_id == account_id, Job.id.in_(job_ids), Blob.purpose == purpose, Blob.deleted_at.is_(None))
    )
    return {blob.job_id: blob for blob in rows}


async def jobs_by_day(session: ReadSession, account_id: UUID, first: date, last: date) -> list[dict[str, Any]]:
    """Count encrypt jobs by the UTC day that they were taken on, with the median time from claim to end in ms."""
    day = _day(Job.created_at)
    lasted = func.extract("epoch", Job.completed_at - Job.started_at) * 1000
    rows = await session.execute(
        select(
            day.label("day"),
            func.count().label("jobs"),
            func.count().filter(Job.status == "completed").label("completed"),
            func.count().filter(Job.status == "failed").label("failed"),
            _median(case((Job.status == "completed", lasted))).label("duration_ms"),
        )
        .where(Job.account_id == account_id, Job.kind == "encrypt", *_within(Job.created_at, first, last))
        .group_by(day)
    )
    return [dict(row) for row in rows.mappings()]


async def summaries_by_day(session: ReadSession, account_id: UUID, first: date, last: date) -> list[dict[str, Any]]:
    """Give the medians of the summaries, by the UTC day that they were made on."""
    day = _day(AnalysisSummary.created_at)
    rows = await session.execute(
        select(
            day.label("day"),
            func.count().label("analyses"),
            func.array_agg(AnalysisSummary.letter).label("letters"),
            *(_median(getattr(AnalysisSummary, name)).label(name) for name in MEDIANS),
        )
        .where(AnalysisSummary.account_id == account_id, *_within(AnalysisSummary.created_at, first, last))
        .group_by(day)
    )
    return [dict(row) for row in rows.mappings()]


def _day(moment: Any) -> Any:
    return cast(func.timezone("UTC", moment), Date)


def _median(value: Any) -> Any:
    return func.percentile_cont(0.5).within_group(value)


def _within(moment: Any, first: date, last: date) -> tuple[Any, Any]:
    # Bounds on the column as it is, so that its index serves; the session's own time zone must not matter.
    begin = datetime.combine(first, time(), UTC)
    return moment >= begin, moment < begin + (last - first) + timedelta(days=1)
