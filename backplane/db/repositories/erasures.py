"""Erasures: when they are due, and how far they are."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, select

from backplane import ids
from backplane.db.models import Erasure
from backplane.db.session import ReadSession, Session


async def add(
    session: Session, account_id: UUID, *, personal: bool, grace: timedelta, kept: timedelta | None
) -> Erasure:
    """Schedule the erasure of an account; `kept` is how long backups are."""
    erasure = Erasure(
        id=ids.new(),
        account_id=account_id,
        personal=personal,
        erase_at=func.now() + grace,
        backups_by=None if kept is None else func.now() + grace + kept,
    )
    session.add(erasure)
    await session.reload(erasure)
    return erasure


async def of_account(session: ReadSession, account_id: UUID) -> Erasure | None:
    """Return the erasure of an account that is not done."""
    query = select(Erasure).where(Erasure.account_id == account_id, Erasure.state != "done")
    found: Erasure | None = await session.scalar(query)
    return found


async def lock(session: Session, account_id: UUID) -> Erasure | None:
    """Find and lock the erasure of an account that is not done: it is not begun, canceled or ended meanwhile."""
    query = select(Erasure).where(Erasure.account_id == account_id, Erasure.state != "done").with_for_update()
    found: Erasure | None = await session.scalar(query.execution_options(populate_existing=True))
    return found


async def cancel(session: Session, erasure: Erasure) -> None:
    await session.execute(delete(Erasure).where(Erasure.id == erasure.id))


async def due(session: ReadSession) -> Sequence[UUID]:
    """List the accounts whose erasure is due or has begun, the longest due first."""
    query = select(Erasure.account_id).where(Erasure.state != "done", Erasure.erase_at <= func.now())
    return list(await session.scalars(query.order_by(Erasure.erase_at)))


async def begin(session: Session, erasure: Erasure) -> None:
    erasure.state = "running"
    await session.flush()


async def end(session: Session, erasure: Erasure, *, kept: timedelta | None) -> datetime:
    """Note that nothing of the account is left, and return the time."""
    erasure.state, erasure.done_at = "done", func.now()
    erasure.backups_by = None if kept is None else func.now() + kept
    await session.reload(erasure)
    assert erasure.done_at is not None
    return erasure.done_at
