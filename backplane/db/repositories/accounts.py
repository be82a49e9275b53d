"""Accounts."""

from uuid import UUID

from sqlalchemy import select, text, update

from backplane.db.models import Account
from backplane.db.session import ReadSession, Session

FIRST_ACCOUNT_LOCK = 0x71734953
"""An advisory lock that serializes registration, so that of two first accounts exactly one becomes the operator."""


async def lock_registration(session: Session) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FIRST_ACCOUNT_LOCK})


async def any_exists(session: ReadSession) -> bool:
    return await session.scalar(select(Account.id).limit(1)) is not None


def add(session: Session, account: Account) -> None:
    session.add(account)


async def by_id(session: ReadSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id)


async def copy_password_hash(session: Session, user_id: UUID, password_hash: str | None) -> None:
    """Keep the copy that a gateway of the release before reads."""
    await session.execute(update(Account).where(Account.id == user_id).values(password_hash=password_hash))


async def copy_email(session: Session, user_id: UUID, email: str) -> None:
    """Keep the copy that a gateway of the release before reads."""
    await session.execute(update(Account).where(Account.id == user_id).values(email=email))


async def copy_operator(session: Session, user_id: UUID, *, operator: bool) -> None:
    """Keep the copy that a gateway of the release before reads."""
    await session.execute(update(Account).where(Account.id == user_id).values(operator=operator))
