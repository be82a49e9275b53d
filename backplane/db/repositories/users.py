"""Users."""

from uuid import UUID

from sqlalchemy import select, update

from backplane.db.models import User
from backplane.db.session import ReadSession, Session


def add(session: Session, user: User) -> None:
    session.add(user)


async def by_id(session: ReadSession, user_id: UUID) -> User | None:
    return await session.get(User, user_id)


async def by_email(session: ReadSession, email: str) -> User | None:
    user: User | None = await session.scalar(select(User).where(User.email == email))
    return user


async def any_operator(session: ReadSession) -> bool:
    return await session.scalar(select(User.id).where(User.operator).limit(1)) is not None


async def lock(session: Session, user_id: UUID) -> User | None:
    """Find and lock a user for a change."""
    user: User | None = await session.scalar(select(User).where(User.id == user_id).with_for_update())
    return user


async def replace_password_hash(session: Session, user_id: UUID, known: str | None, *, by: str) -> bool:
    """Store another hash of the same password, unless the password has changed meanwhile."""
    same = update(User).where(User.id == user_id, User.password_hash == known)
    replaced = await session.scalar(same.values(password_hash=by).returning(User.id))
    return replaced is not None
