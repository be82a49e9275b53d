"""Blobs: the rows of stored objects, and when the sweeper may delete them."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, text, true, update

from backplane.db.models import Blob
from backplane.db.session import ReadSession, Session

KEEPING_SECONDS = 60
"""Longer than a transaction that keeps an input: otherwise the sweeper could find the input due before the commit."""

DELETIONS_LOCK = 0x71734955
"""An advisory lock: exclusive for a backup, shared briefly by code that is about to delete objects."""

PIECES = 64
"""How many separate downloaded ranges of an object are recorded: a download that would make more is not recorded."""

TAKE = text("""
WITH known AS (
    SELECT id, coalesce(taken, '{}') + int8multirange(int8range(CAST(:start AS bigint), CAST(:stop AS bigint))) AS taken
    FROM blobs WHERE id = :blob_id FOR UPDATE
)
UPDATE blobs SET taken = known.taken FROM known
WHERE blobs.id = known.id AND (SELECT count(*) FROM unnest(known.taken)) <= :pieces
RETURNING blobs.taken @> int8range(0, blobs.size)
""")


async def add_all(session: Session, added: Sequence[Blob]) -> None:
    session.add_all(added)
    await session.flush()


async def of_job(session: ReadSession, job_id: UUID, purpose: str) -> Blob | None:
    blob: Blob | None = await session.scalar(select(Blob).where(Blob.job_id == job_id, Blob.purpose == purpose))
    return blob


async def note_taken(session: Session, blob_id: UUID, start: int, stop: int) -> bool:
    """Record that the bytes from `start` up to but not including `stop` have arrived; return True once all have."""
    values = {"blob_id": blob_id, "start": start, "stop": stop, "pieces": PIECES}
    return bool(await session.scalar(TAKE, values))


async def expire(session: Session, job_id: UUID, purpose: str, *, seconds: int = 0) -> None:
    """Let the sweeper delete the object after so many seconds; never later than an earlier deadline."""
    await _expire(session, job_id, Blob.purpose == purpose, seconds)


async def expire_inputs(session: Session, job_id: UUID, *, seconds: int = 0) -> None:
    """Let the sweeper delete the job's input; never later than an earlier deadline."""
    await _expire(session, job_id, _is_input(), seconds)


async def expire_all(session: Session, job_id: UUID) -> None:
    """Let the sweeper delete everything that belongs to the job."""
    await _expire(session, job_id, true(), 0)


async def keep_inputs(session: Session, job_id: UUID) -> list[Blob] | None:
    """Keep the job's input until the job ends again; return None if part of it is gone or about to be deleted."""
    found = list(await session.scalars(select(Blob).where(Blob.job_id == job_id, _is_input()).with_for_update()))
    kept = await session.scalars(
        update(Blob)
        .where(Blob.id.in_([blob.id for blob in found]), Blob.deleted_at.is_(None), Blob.delete_after > _soon())
        .values(delete_after=None)
        .returning(Blob.id)
    )
    return found if found and len(list(kept)) == len(found) else None


def _soon() -> Any:
    return func.now() + timedelta(seconds=KEEPING_SECONDS)


async def _expire(session: Session, job_id: UUID, which: ColumnElement[bool], seconds: int) -> None:
    moment = func.now() + timedelta(seconds=seconds)
    await session.execute(
        update(Blob)
        .where(Blob.job_id == job_id, which)
        .values(delete_after=func.least(func.coalesce(Blob.delete_after, moment), moment))
    )


async def hold_deletions(session: Session) -> bool:
    """Block deletions until this transaction ends; return False while a deletion or another block is in progress.

    So every object that a backup's snapshot names still exists when it is copied.
    """
    return bool(await session.scalar(select(func.pg_try_advisory_xact_lock(DELETIONS_LOCK))))


async def due(session: Session, *, limit: int = 100) -> list[Blob]:
    rows = await session.scalars(
        select(Blob)
        .where(Blob.delete_after <= func.now(), Blob.deleted_at.is_(None), _may_delete())
        .order_by(Blob.delete_after)
        .limit(limit)
    )
    return list(rows)


async def mark_deleted(session: Session, blob_ids: list[UUID]) -> None:
    """Delete the blob key together with the object: neither is useful without the other."""
    await session.execute(update(Blob).where(Blob.id.in_(blob_ids)).values(deleted_at=func.now(), sealed=None))


async def known(session: Session, object_keys: list[str]) -> set[str]:
    return set(await session.scalars(select(Blob.object_key).where(Blob.object_key.in_(object_keys))))


def _is_input() -> ColumnElement[bool]:
    """Match the input of a job: the purpose `input`, or one that begins with `input-`."""
    return Blob.purpose.startswith("input", autoescape=True)


async def may_delete(session: Session) -> bool:
    """Return whether objects may be deleted: not while a backup is being made."""
    return bool(await session.scalar(select(_may_delete())))


def _may_delete() -> ColumnElement[bool]:
    # A subquery without an outer reference runs once, not for each row.
    return select(func.pg_try_advisory_xact_lock_shared(DELETIONS_LOCK)).scalar_subquery()
