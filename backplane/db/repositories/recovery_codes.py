"""Recovery codes."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from sqlalchemy import delete, func, select, update

from backplane.db.models import RecoveryCode
from backplane.db.session import ReadSession, Session


async def replace(session: Session, user_id: UUID, codes: Iterable[tuple[UUID, bytes]]) -> None:
    """Store new codes, by id, instead of all earlier ones."""
    await remove(session, user_id)
    session.add_all(RecoveryCode(id=code_id, user_id=user_id, sealed=sealed) for code_id, sealed in codes)


async def unused(session: ReadSession, user_id: UUID) -> Sequence[RecoveryCode]:
    query = select(RecoveryCode).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return list(await session.scalars(query.order_by(RecoveryCode.id)))


async def count_unused(session: ReadSession, user_id: UUID) -> int:
    query = select(func.count()).where(RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(query) or 0


async def use(session: Session, code_id: UUID) -> bool:
    """Use up a code; False if it was used."""
    same = update(RecoveryCode).where(RecoveryCode.id == code_id, RecoveryCode.used_at.is_(None))
    return await session.scalar(same.values(used_at=func.now()).returning(RecoveryCode.id)) is not None


async def remove(session: Session, user_id: UUID) -> None:
    await session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
