"""Accounts and users for operators: lists over all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select
from sqlalchemy.orm import aliased

from backplane.db.models import (
    Account,
    AuditEvent,
    FactorReset,
    LoginSession,
    Membership,
    OneTimePassword,
    Passkey,
    User,
)
from backplane.db.session import ReadSession, Session

MEMBERS = (
    select(func.count()).select_from(Membership).where(Membership.account_id == Account.id).correlate(Account)
).scalar_subquery()
LAST_SEEN = (
    select(func.max(LoginSession.last_seen_at)).where(LoginSession.user_id == User.id).correlate(User)
).scalar_subquery()
SECOND_FACTOR = or_(
    exists().where(OneTimePassword.user_id == User.id, OneTimePassword.confirmed_at.is_not(None)).correlate(User),
    exists().where(Passkey.user_id == User.id).correlate(User),
)
STATES: dict[str, ColumnElement[bool]] = {
    "active": Account.suspended_at.is_(None) & Account.closed_at.is_(None),
    "suspended": Account.suspended_at.is_not(None) & Account.closed_at.is_(None),
    "closed": Account.closed_at.is_not(None),
}


@dataclass(frozen=True, slots=True)
class AccountRow:
    id: UUID
    name: str | None
    personal: bool
    email: str | None
    """Of the user of a personal account."""
    tier: str
    suspended_at: datetime | None
    closed_at: datetime | None
    created_at: datetime
    members: int


@dataclass(frozen=True, slots=True)
class UserRow:
    id: UUID
    email: str
    email_verified_at: datetime | None
    operator: bool
    suspended_at: datetime | None
    created_at: datetime
    last_seen_at: datetime | None
    second_factor: bool
    """Whether a password alone does not log the user in."""
    reset_requested_at: datetime | None
    """When an operator asked for the reset of the second factors; None if no request waits."""
    reset_requested_by: str | None
    """The address of that operator; None for one at the machine."""
    reset_reason: str | None
    reset_expires_at: datetime | None


ACCOUNT = (
    select(
        Account.id,
        Account.name,
        Account.personal,
        User.email,
        Account.tier,
        Account.suspended_at,
        Account.closed_at,
        Account.created_at,
        MEMBERS,
    )
    .select_from(Account)
    .join(User, User.id == Account.id, isouter=True)
)
REQUESTER = aliased(User)
USER: Select[*tuple[Any, ...]] = (
    select(
        User.id,
        User.email,
        User.email_verified_at,
        User.operator,
        User.suspended_at,
        User.created_at,
        LAST_SEEN,
        SECOND_FACTOR,
        FactorReset.requested_at,
        REQUESTER.email,
        FactorReset.reason,
        FactorReset.expires_at,
    )
    .select_from(User)
    .join(FactorReset, and_(FactorReset.user_id == User.id, FactorReset.expires_at > func.now()), isouter=True)
    .join(REQUESTER, REQUESTER.id == FactorReset.requested_by, isouter=True)
)


async def accounts(
    session: ReadSession,
    *,
    limit: int,
    before: UUID | None = None,
    words: str | None = None,
    tier: str | None = None,
    state: str | None = None,
) -> Sequence[AccountRow]:
    """List accounts, newest first, whose name or user's address contains `words`."""
    query = ACCOUNT.order_by(Account.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Account.id < before)
    if words is not None:
        query = query.where(or_(_has(Account.name, words), _has(User.email, words)))
    if tier is not None:
        query = query.where(Account.tier == tier)
    if state is not None:
        query = query.where(STATES[state])
    return [AccountRow(*row) for row in await session.execute(query)]


async def account(session: ReadSession, account_id: UUID) -> AccountRow | None:
    row = (await session.execute(ACCOUNT.where(Account.id == account_id))).one_or_none()
    return AccountRow(*row) if row is not None else None


async def lock_account(session: Session, account_id: UUID) -> Account | None:
    found: Account | None = await session.scalar(select(Account).where(Account.id == account_id).with_for_update())
    return found


async def users(
    session: ReadSession,
    *,
    limit: int,
    before: UUID | None = None,
    words: str | None = None,
    operator: bool | None = None,
    reset: bool | None = None,
) -> Sequence[UserRow]:
    """List users, newest first, whose address contains `words`."""
    query = USER.order_by(User.id.desc()).limit(limit)
    if before is not None:
        query = query.where(User.id < before)
    if words is not None:
        query = query.where(_has(User.email, words))
    if operator is not None:
        query = query.where(User.operator.is_(operator))
    if reset is not None:
        query = query.where(FactorReset.user_id.is_not(None) if reset else FactorReset.user_id.is_(None))
    return [UserRow(*row) for row in await session.execute(query)]


async def user(session: ReadSession, user_id: UUID) -> UserRow | None:
    row = (await session.execute(USER.where(User.id == user_id))).one_or_none()
    return UserRow(*row) if row is not None else None


async def lock_operators(session: Session) -> Sequence[UUID]:
    """Lock all operators who are not suspended, and return their ids: two changes must not remove the last two."""
    query = select(User.id).where(User.operator.is_(True), User.suspended_at.is_(None)).order_by(User.id)
    return list(await session.scalars(query.with_for_update()))


async def now(session: ReadSession) -> datetime:
    moment: datetime | None = await session.scalar(select(func.now()))
    assert moment is not None
    return moment


async def tier_changes(session: ReadSession, action: str) -> dict[tuple[str, str], int]:
    """Count the changes of tiers, by the tiers before and after, from the entries in the chain of the system."""
    before, after = AuditEvent.details["from"].astext, AuditEvent.details["to"].astext
    query = (
        select(before, after, func.count())
        .where(AuditEvent.action == action, AuditEvent.account_id.is_(None))
        .group_by(before, after)
    )
    return {(row[0], row[1]): row[2] for row in await session.execute(query)}


async def count_by_tier(session: ReadSession) -> dict[str, int]:
    """Count the active accounts of each tier."""
    query = select(Account.tier, func.count()).where(STATES["active"]).group_by(Account.tier)
    return {row.tier: row[1] for row in await session.execute(query)}


def _has(column: Any, words: str) -> ColumnElement[bool]:
    return func.lower(column).contains(words.lower(), autoescape=True)
