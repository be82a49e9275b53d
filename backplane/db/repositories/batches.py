from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, delete, func, or_, select, update

from backplane.db.models import Batch, BatchItem, Job
from backplane.db.repositories.notes import batches_with
from backplane.db.session import ReadSession, Session

UNFINISHED = ("pending", "processing")
OF_JOB = (
    Job.status,
    Job.stage,
    Job.progress,
    Job.event_seq,
    Job.estimated_ms,
    Job.key_id,
    Job.purity_served,
    Job.receipt.is_not(None).label("has_receipt"),
    Job.error_code.label("job_error_code"),
    Job.error_title.label("job_error_title"),
    Job.error_detail.label("job_error_detail"),
)


async def add(session: Session, batch: Batch) -> None:
    session.add(batch)
    await session.flush()


async def add_items(session: Session, items: Sequence[BatchItem]) -> None:
    session.add_all(items)
    await session.flush()


def _of_account(account_id: UUID) -> Select[Batch]:
    """The only way to an owner's batches: a deleted one is nobody's any more."""
    return select(Batch).where(Batch.account_id == account_id, Batch.deleted_at.is_(None))


async def of_account(session: ReadSession, account_id: UUID, batch_id: UUID) -> Batch | None:
    batch: Batch | None = await session.scalar(_of_account(account_id).where(Batch.id == batch_id))
    return batch


async def page(
    session: ReadSession,
    account_id: UUID,
    *,
    limit: int,
    before: UUID | None,
    terms: Sequence[Collection[bytes]] = (),
) -> list[Batch]:
    """Newest first; ids are UUIDv7, so their order is that of creation."""
    query = _of_account(account_id).where(*batches_with(terms)).order_by(Batch.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Batch.id < before)
    return list(await session.scalars(query))


async def items(session: ReadSession, batch_id: UUID) -> list[Row[Any]]:
    """Every item in its order, with what of its job there is to say; one whose job is deleted is not there any more."""
    query = (
        select(BatchItem, *OF_JOB)
        .join(Job, Job.id == BatchItem.job_id, isouter=True)
        .where(BatchItem.batch_id == batch_id, Job.deleted_at.is_(None))
        .order_by(BatchItem.index)
    )
    return list(await session.execute(query))


async def counts(session: ReadSession, batch_ids: Collection[UUID]) -> list[tuple[UUID, str, int]]:
    """Count items by batch and status; what was refused at the door has failed."""
    status = func.coalesce(Job.status, "failed")
    query = (
        select(BatchItem.batch_id, status, func.count())
        .join(Job, Job.id == BatchItem.job_id, isouter=True)
        .where(BatchItem.batch_id.in_(batch_ids), Job.deleted_at.is_(None))
        .group_by(BatchItem.batch_id, status)
    )
    return [(batch_id, found, number) for batch_id, found, number in await session.execute(query)]


async def job_ids(session: ReadSession, batch_id: UUID, *, statuses: Collection[str] = ()) -> list[UUID]:
    """Find the jobs of a batch, those in one of these states where any are named."""
    query = (
        select(BatchItem.job_id)
        .join(Job, Job.id == BatchItem.job_id)
        .where(BatchItem.batch_id == batch_id, Job.deleted_at.is_(None))
        .order_by(BatchItem.index)
    )
    return list(await session.scalars(query.where(Job.status.in_(statuses)) if statuses else query))


async def lock(session: Session, batch_id: UUID) -> Batch | None:
    """Let nobody else end or open this batch until the transaction is over.

    Whoever changes a job locks its row first and the batch's after it, never the other way round.
    """
    batch: Batch | None = await session.scalar(
        select(Batch)
        .where(Batch.id == batch_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return batch


async def any_unfinished(session: Session, batch_id: UUID) -> bool:
    query = select(Job.id).join(BatchItem, BatchItem.job_id == Job.id)
    found = query.where(BatchItem.batch_id == batch_id, Job.status.in_(UNFINISHED)).limit(1)
    return await session.scalar(found) is not None


async def close(session: Session, batch: Batch) -> None:
    """Write down that the last job of a locked batch has ended."""
    batch.completed_at = func.now()
    if batch.retention_days is not None:
        batch.retained_until = func.now() + func.make_interval(0, 0, 0, batch.retention_days)
    batch.endings += 1
    await session.flush()
    await session.refresh(batch)


async def reopen(session: Session, batch_id: UUID) -> None:
    await session.execute(update(Batch).where(Batch.id == batch_id).values(completed_at=None, retained_until=None))


async def mark_deleted(session: Session, batch: Batch) -> None:
    batch.deleted_at = func.now()
    await session.flush()


async def remove_outlived(session: Session) -> int:
    """Remove the rows of batches that are deleted, or were kept long enough, once the last of their jobs is gone."""
    over = or_(Batch.deleted_at.is_not(None), Batch.retained_until <= func.now())
    jobs = select(BatchItem.job_id).where(BatchItem.batch_id == Batch.id, BatchItem.job_id.is_not(None))
    rows = await session.scalars(delete(Batch).where(over, ~jobs.exists()).returning(Batch.id))
    return len(list(rows))
