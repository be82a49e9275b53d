"""What the rules on the audit trail found."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update

from backplane.db.models import Account, Membership, SecurityEvent, User
from backplane.db.session import ReadSession, Session

REPEATS = timedelta(days=1)
"""How long after its last occurrence an event takes up what happens again."""


@dataclass(frozen=True, slots=True)
class Search:
    """What a reader looks for."""

    rule: str | None = None
    severity: str | None = None
    open: bool | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


async def repeat(session: Session, subject: bytes, *, count: int, first_at: datetime, last_at: datetime) -> bool:
    """Count a repetition of what is not yet acknowledged; return False if there is no such event."""
    open_one = (
        select(SecurityEvent.id)
        .where(
            SecurityEvent.subject == subject,
            SecurityEvent.acknowledged_at.is_(None),
            SecurityEvent.last_at > first_at - REPEATS,
        )
        .order_by(SecurityEvent.last_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    last = func.greatest(SecurityEvent.last_at, last_at)
    statement = (
        update(SecurityEvent)
        .where(SecurityEvent.id == open_one, SecurityEvent.acknowledged_at.is_(None))
        .values(count=SecurityEvent.count + count, last_at=last)
    )
    return await session.scalar(statement.returning(SecurityEvent.id)) is not None


async def add(session: Session, event: SecurityEvent) -> None:
    session.add(event)
    await session.flush()


async def is_there(session: Session, account_id: UUID) -> bool:
    """Return whether an account exists, and keep it until the transaction ends."""
    held = select(Account.id).where(Account.id == account_id).with_for_update(key_share=True, read=True)
    return await session.scalar(held) is not None


async def page(
    session: ReadSession, account_id: UUID | None, search: Search, *, limit: int, before: UUID | None
) -> list[SecurityEvent]:
    """Return events of an account, or those of the installation, newest first."""
    query = _matching(_of(account_id), search)
    if before is not None:
        query = query.where(SecurityEvent.id < before)
    return list(await session.scalars(query.order_by(SecurityEvent.id.desc()).limit(limit)))


async def find(session: Session, account_id: UUID | None, event_id: UUID) -> SecurityEvent | None:
    """Find and lock an event of an account, or of the installation."""
    found: SecurityEvent | None = await session.scalar(
        _of(account_id).where(SecurityEvent.id == event_id).with_for_update()
    )
    return found


async def owners(session: ReadSession, account_id: UUID, *, limit: int) -> list[User]:
    query = select(User).join(Membership, Membership.user_id == User.id)
    query = query.where(Membership.account_id == account_id, Membership.role == "owner")
    return list(await session.scalars(query.order_by(User.id).limit(limit)))


async def operators(session: ReadSession, *, limit: int) -> list[User]:
    return list(await session.scalars(select(User).where(User.operator).order_by(User.id).limit(limit)))


async def delete_older(session: Session, *, days: int) -> None:
    await session.execute(delete(SecurityEvent).where(SecurityEvent.created_at < func.now() - timedelta(days=days)))


def _of(account_id: UUID | None) -> Select[SecurityEvent]:
    mine: Any = SecurityEvent.account_id.is_(None) if account_id is None else SecurityEvent.account_id == account_id
    return select(SecurityEvent).where(mine)


def _matching(query: Select[SecurityEvent], search: Search) -> Select[SecurityEvent]:
    exact: Mapping[str, Any] = {"rule": search.rule, "severity": search.severity}
    for name, wanted in exact.items():
        if wanted is not None:
            query = query.where(getattr(SecurityEvent, name) == wanted)
    if search.open is not None:
        is_open = SecurityEvent.acknowledged_at.is_(None)
        query = query.where(is_open if search.open else ~is_open)
    if search.created_after is not None:
        query = query.where(SecurityEvent.created_at >= search.created_after)
    if search.created_before is not None:
        query = query.where(SecurityEvent.created_at < search.created_before)
    return query
