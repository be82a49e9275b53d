"""Memberships: which users have which role in an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, delete, exists, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

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


ROLE = text("SELECT role FROM memberships WHERE account_id = :account_id AND user_id = :user_id").bindparams(
    bindparam("account_id", type_=Uuid), bindparam("user_id", type_=Uuid)
)
"""Text, because it runs at each submission to an account that people share."""

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


async def role(session: ReadSession, user_id: UUID, account_id: UUID) -> str | None:
    """Return the role of a user in an account; None for a stranger."""
    found: str | None = await session.scalar(ROLE, {"account_id": account_id, "user_id": user_id})
    return found


def _of_user(user_id: UUID) -> Select[Account, str]:
    return select(Account, Membership.role).join(Membership).where(Membership.user_id == user_id)


async def accounts_of(session: ReadSession, user_id: UUID) -> Sequence[tuple[Account, str]]:
    """List the accounts of a user with the user's role, the personal one first, then by name."""
    query = _of_user(user_id).order_by(Account.personal.desc(), Account.name, Account.id)
    return [(account, role) for account, role in await session.execute(query)]


async def account_of(session: ReadSession, user_id: UUID, account_id: UUID) -> tuple[Account, str] | None:
    rows = await session.execute(_of_user(user_id).where(Account.id == account_id))
    return next(((account, role) for account, role in rows), None)


async def count_of(session: ReadSession, user_id: UUID, *, role: str | None = None) -> int:
    """Count the open accounts of a user beside the personal one, all of them or those with a role."""
    query = select(func.count()).select_from(Membership).join(Account, Account.id == Membership.account_id)
    wanted = [Membership.user_id == user_id, Account.personal.is_(False), Account.closed_at.is_(None)]
    if role is not None:
        wanted.append(Membership.role == role)
    return await session.scalar(query.where(*wanted)) or 0


async def members(session: ReadSession, account_id: UUID) -> Sequence[tuple[Membership, str]]:
    """List the members of an account with their addresses, the first one first."""
    query = select(Membership, User.email).join(User, User.id == Membership.user_id)
    rows = await session.execute(
        query.where(Membership.account_id == account_id).order_by(Membership.created_at, Membership.user_id)
    )
    return [(membership, email) for membership, email in rows]


async def owners(session: ReadSession, account_id: UUID) -> Sequence[User]:
    """List the owners of an account who can log in."""
    query = select(User).join(Membership, Membership.user_id == User.id)
    owning = query.where(Membership.account_id == account_id, Membership.role == "owner", User.suspended_at.is_(None))
    return list(await session.scalars(owning.order_by(User.id)))


async def member(session: ReadSession, account_id: UUID, user_id: UUID) -> tuple[Membership, str] | None:
    query = select(Membership, User.email).join(User, User.id == Membership.user_id)
    rows = await session.execute(query.where(Membership.account_id == account_id, Membership.user_id == user_id))
    return next(((membership, email) for membership, email in rows), None)


async def count(session: ReadSession, account_id: UUID, *, role: str | None = None) -> int:
    """Count the members of an account, all of them or those with a role."""
    query = select(func.count()).select_from(Membership).where(Membership.account_id == account_id)
    return await session.scalar(query if role is None else query.where(Membership.role == role)) or 0


async def change_role(session: Session, account_id: UUID, user_id: UUID, role: str) -> None:
    same = update(Membership).where(Membership.account_id == account_id, Membership.user_id == user_id)
    await session.execute(same.values(role=role))


async def remove(session: Session, account_id: UUID, user_id: UUID) -> None:
    await session.execute(delete(Membership).where(Membership.account_id == account_id, Membership.user_id == user_id))


async def owned_alone(session: ReadSession, user_id: UUID) -> Sequence[UUID]:
    """List the open organizations whose only owner is this user: they would be left without one."""
    other = aliased(Membership)
    others = exists().where(other.account_id == Account.id, other.role == "owner", other.user_id != user_id)
    query = _of_user(user_id).with_only_columns(Account.id)
    alone = query.where(Membership.role == "owner", Account.personal.is_(False), Account.closed_at.is_(None), ~others)
    return list(await session.scalars(alone))
