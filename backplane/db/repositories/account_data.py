"""Rows of an account or a user, of any table, a page at a time, for exports."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, func, inspect, or_, select, tuple_

from backplane.db.base import Base
from backplane.db.models import Batch, BatchItem, Blob, Job, WebhookAttempt, WebhookDelivery
from backplane.db.session import ReadSession

Row = TypeVar("Row", bound=Base)
AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Source:
    """The rows of a table that belong to an account or a user."""

    model: type[Base]
    owner: Any
    """The column with the owner's id."""
    join: tuple[type[Base], ColumnElement[bool]] | None = None
    """The table that has this column, if the rows have none."""


ITEMS: Final = Source(BatchItem, Batch.account_id, (Batch, Batch.id == BatchItem.batch_id))
FILES: Final = Source(Blob, Job.account_id, (Job, Job.id == Blob.job_id))
ATTEMPTS: Final = Source(
    WebhookAttempt, WebhookDelivery.account_id, (WebhookDelivery, WebhookDelivery.id == WebhookAttempt.delivery_id)
)


def key_of(row: Base) -> tuple[Any, ...]:
    """Return the primary key of a row, after which the next page begins."""
    return tuple(inspect(type(row)).primary_key_from_instance(row))


async def page(session: ReadSession, source: Source, owner_id: UUID, after: tuple[Any, ...] | None) -> list[Any]:
    """Return the next rows of an owner, in the order of their primary keys."""
    keys = inspect(source.model).primary_key
    query = select(source.model).where(source.owner == owner_id).order_by(*keys).limit(AT_ONCE)
    if source.join is not None:
        query = query.join(*source.join)
    if after is not None:
        query = query.where(tuple_(*keys) > tuple_(*after))
    return list(await session.scalars(query))


async def results(
    session: ReadSession, account_id: UUID, purposes: Sequence[str], kinds: Sequence[str], after: UUID | None
) -> list[tuple[Job, Blob]]:
    """Return the next jobs of some kinds with those of their files that still exist."""
    query = select(Job, Blob).join(Blob, Blob.job_id == Job.id).order_by(Blob.id).limit(AT_ONCE)
    query = query.where(*_existing(account_id, purposes, kinds))
    if after is not None:
        query = query.where(Blob.id > after)
    return [(job, blob) for job, blob in await session.execute(query)]


async def bytes_of_results(
    session: ReadSession, account_id: UUID, purposes: Sequence[str], kinds: Sequence[str]
) -> int:
    query = select(func.coalesce(func.sum(Blob.size), 0)).join(Job, Job.id == Blob.job_id)
    return int(await session.scalar(query.where(*_existing(account_id, purposes, kinds))) or 0)


def _existing(account_id: UUID, purposes: Sequence[str], kinds: Sequence[str]) -> list[ColumnElement[bool]]:
    due = or_(Blob.delete_after.is_(None), Blob.delete_after > func.now())
    of_jobs = [Job.account_id == account_id, Job.deleted_at.is_(None), Job.kind.in_(kinds)]
    return [*of_jobs, Blob.purpose.in_(purposes), Blob.deleted_at.is_(None), due]
