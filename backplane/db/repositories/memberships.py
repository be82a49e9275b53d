"""Memberships: which users have which role in an account."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import Account, Membership, User
from backplane.db.session import ReadSession, Session


@dataclass(frozen=True, slots=True)
class Standing:
    """What an account is, and what a user is in it; an API key belongs to no user."""

    tier: str
    personal: bool
    account_suspended_at: datetime | None
    account_closed_at: datetime | None
    role: str | None = None
    operator: bool = False
    user_suspended_at: datetime | None = None


ACCOUNT = (Account.tier, Account.personal, Account.suspended_at, Account.closed_at)


async def add(session: Session, *, account_id: UUID, user_id: UUID, role: str) -> bool:
    """Make a user a member; False if the user is one already."""
    row = insert(Membership).values(account_id=account_id, user_id=user_id, role=role).on_conflict_do_nothing()
    return await session.scalar(row.returning(Membership.user_id)) is not None


async def standing(session: ReadSession, user_id: UUID, account_id: UUID) -> Standing | None:
    """Return the standing of a member; None if the user is no member of the account."""
    query = (
        select(*ACCOUNT, Membership.role, User.operator, User.suspended_at)
        .join(Membership, Membership.account_id == Account.id)
        .join(User, User.id == Membership.user_id)
        .where(Account.id == account_id, User.id == user_id)
    )
    row = (await session.execute(query)).one_or_none()
    return Standing(*row) if row is not None else None


async def standing_of_account(session: ReadSession, account_id: UUID) -> Standing | None:
    """Return the standing of the account itself; None without one."""
    row = (await session.execute(select(*ACCOUNT).where(Account.id == account_id))).one_or_none()
    return Standing(*row) if row is not None else None
