"""Revocations, which every gateway reads."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import Interval, bindparam, delete, func, select

from backplane import ids
from backplane.db.models import Revocation
from backplane.db.session import ReadSession, Session

MADE_WITHIN = select(Revocation.id, Revocation.holder_id).where(
    Revocation.created_at > func.now() - bindparam("span", type_=Interval)
)
"""Built once: each gateway runs it each second."""


def add(session: Session, holder_id: UUID) -> UUID:
    """Write a revocation, and return its id."""
    revocation = Revocation(id=ids.new(), holder_id=holder_id)
    session.add(revocation)
    return revocation.id


async def made_within(session: ReadSession, span: timedelta) -> dict[UUID, UUID]:
    """Return the holders of the revocations that were made within this time, by id."""
    return {row.id: row.holder_id for row in await session.execute(MADE_WITHIN, {"span": span})}


async def delete_older(session: Session, *, seconds: int) -> None:
    old = Revocation.created_at < func.now() - timedelta(seconds=seconds)
    await session.execute(delete(Revocation).where(old))
