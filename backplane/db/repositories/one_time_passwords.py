"""Secrets of authenticator apps."""

from uuid import UUID

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import OneTimePassword
from backplane.db.session import ReadSession, Session

CONFIRMED = OneTimePassword.confirmed_at.is_not(None)


async def of_user(session: ReadSession, user_id: UUID) -> OneTimePassword | None:
    return await session.get(OneTimePassword, user_id)


async def begin(session: Session, user_id: UUID, secret: bytes) -> bool:
    """Store a secret that is to be confirmed, instead of an earlier such one; False if the user has a confirmed one."""
    row = insert(OneTimePassword).values(user_id=user_id, secret=secret)
    kept = row.on_conflict_do_update(
        index_elements=["user_id"], set_={"secret": secret, "created_at": func.now()}, where=~CONFIRMED
    )
    return await session.scalar(kept.returning(OneTimePassword.user_id)) is not None


async def confirm(session: Session, user_id: UUID, secret: bytes, *, step: int) -> bool:
    """Make this secret a factor, with the step of the code that confirmed it; False if it is another one by now."""
    begun = update(OneTimePassword).where(
        OneTimePassword.user_id == user_id, OneTimePassword.secret == secret, ~CONFIRMED
    )
    confirmed = begun.values(confirmed_at=func.now(), last_step=step).returning(OneTimePassword.user_id)
    return await session.scalar(confirmed) is not None


async def use(session: Session, user_id: UUID, secret: bytes, *, step: int) -> bool:
    """Use up the code of a step, and those of all steps before; False if it was used."""
    unused = or_(OneTimePassword.last_step.is_(None), OneTimePassword.last_step < step)
    same = update(OneTimePassword).where(
        OneTimePassword.user_id == user_id, OneTimePassword.secret == secret, CONFIRMED, unused
    )
    return await session.scalar(same.values(last_step=step).returning(OneTimePassword.user_id)) is not None


async def remove(session: Session, user_id: UUID) -> bool:
    """Delete the secret of a user; False if there was no confirmed one."""
    removed = delete(OneTimePassword).where(OneTimePassword.user_id == user_id).returning(OneTimePassword.confirmed_at)
    return await session.scalar(removed) is not None


async def is_on(session: ReadSession, user_id: UUID) -> bool:
    found = select(OneTimePassword.user_id).where(OneTimePassword.user_id == user_id, CONFIRMED)
    return await session.scalar(found) is not None
