"""Identities of users at identity providers."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import UserIdentity
from backplane.db.session import ReadSession, Session


async def add(
    session: Session, identity_id: UUID, *, user_id: UUID, issuer: str, subject: str, email: str | None
) -> bool:
    """Link an identity to a user; False if it is linked already, to any user."""
    row = insert(UserIdentity).values(
        id=identity_id, user_id=user_id, issuer=issuer, subject=subject, email_at_link=email
    )
    return await session.scalar(row.on_conflict_do_nothing().returning(UserIdentity.id)) is not None


async def find(session: ReadSession, issuer: str, subject: str) -> UserIdentity | None:
    query = select(UserIdentity).where(UserIdentity.issuer == issuer, UserIdentity.subject == subject)
    found: UserIdentity | None = await session.scalar(query)
    return found


async def of_user(session: ReadSession, user_id: UUID) -> Sequence[UserIdentity]:
    query = select(UserIdentity).where(UserIdentity.user_id == user_id).order_by(UserIdentity.created_at)
    return list(await session.scalars(query))


async def note_use(session: Session, identity_id: UUID) -> None:
    await session.execute(update(UserIdentity).where(UserIdentity.id == identity_id).values(last_used_at=func.now()))


async def remove(session: Session, identity: UserIdentity) -> None:
    await session.delete(identity)
