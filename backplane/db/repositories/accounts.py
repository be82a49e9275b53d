"""Accounts."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, select, text, update

from backplane.db.models import Account
from backplane.db.session import ReadSession, Session

FIRST_ACCOUNT_LOCK = 0x71734953
"""An advisory lock that serializes registration, so that of two first accounts exactly one becomes the operator."""


# Text, because one runs at each submission to an account that people share.
HOLD = text("SELECT closed_at, suspended_at FROM accounts WHERE id = :id FOR SHARE").bindparams(
    bindparam("id", type_=Uuid)
)


class State(NamedTuple):
    closed_at: datetime | None
    suspended_at: datetime | None


async def lock_registration(session: Session) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FIRST_ACCOUNT_LOCK})


async def any_exists(session: ReadSession) -> bool:
    return await session.scalar(select(Account.id).limit(1)) is not None


def add(session: Session, account: Account) -> None:
    session.add(account)


async def by_id(session: ReadSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id)


async def lock(session: Session, account_id: UUID) -> Account | None:
    """Find and lock an account for a change of its members or of its state; `hold` waits for it."""
    query = select(Account).where(Account.id == account_id).with_for_update()
    account: Account | None = await session.scalar(query.execution_options(populate_existing=True))
    return account


async def hold(session: Session, account_id: UUID) -> State | None:
    """Return the state of an account, and keep it and its members as they are until the end of the transaction."""
    row = (await session.execute(HOLD, {"id": account_id})).one_or_none()
    return State(*row) if row is not None else None


async def close(session: Session, account: Account) -> None:
    account.closed_at = func.now()
    await session.reload(account)


async def reopen(session: Session, account: Account) -> None:
    account.closed_at = None
    await session.flush()


async def rename(session: Session, account: Account, name: str) -> None:
    account.name = name
    await session.flush()


async def copy_password_hash(session: Session, user_id: UUID, password_hash: str | None) -> None:
    """Keep the copy that a gateway of the release before reads."""
    await session.execute(update(Account).where(Account.id == user_id).values(password_hash=password_hash))


async def copy_email(session: Session, user_id: UUID, email: str) -> None:
    """Keep the copy that a gateway of the release before reads."""
    await session.execute(update(Account).where(Account.id == user_id).values(email=email))


async def copy_operator(session: Session, user_id: UUID, *, operator: bool) -> None:
    """Keep the copy that a gateway of the release before reads."""
    await session.execute(update(Account).where(Account.id == user_id).values(operator=operator))
