"""Revocations, which every gateway reads."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select

from backplane import ids
from backplane.db.models import Revocation
from backplane.db.session import ReadSession, Session


def add(session: Session, holder_id: UUID) -> UUID:
    """Write a revocation, and return its id."""
    revocation = Revocation(id=ids.new(), holder_id=holder_id)
    session.add(revocation)
    return revocation.id


async def made_within(session: ReadSession, span: timedelta) -> dict[UUID, UUID]:
    """Return the holders of the revocations that were made within this time, by id."""
    query = select(Revocation.id, Revocation.holder_id).where(Revocation.created_at > func.now() - span)
    return {row.id: row.holder_id for row in await session.execute(query)}


async def delete_older(session: Session, *, seconds: int) -> None:
    old = Revocation.created_at < func.now() - timedelta(seconds=seconds)
    await session.execute(delete(Revocation).where(old))
