"""Mails: written with the act that causes them, claimed and finished by the relay."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, func, or_, select, text, update
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import Mail, MailChoice
from backplane.db.session import ReadSession, Session

CHANNEL = "imageshield_mails"
UNFINISHED = ("pending", "sending")
LEASE_SECONDS = 75
"""Longer than an attempt may take: after it the sender is dead, and another one sends."""

NEXT = (
    select(Mail.id)
    .where(
        Mail.status.in_(UNFINISHED),
        Mail.due_at <= func.now(),
        or_(Mail.user_id.is_(None), Mail.user_id.not_in(bindparam("busy_users", expanding=True))),
    )
    .order_by(Mail.awaited.desc(), Mail.due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
    .scalar_subquery()
)
CLAIM = (
    update(Mail)
    .where(Mail.id == NEXT)
    .values(status="sending", attempts=Mail.attempts + 1, due_at=func.now() + timedelta(seconds=LEASE_SECONDS))
    .returning(Mail)
    .execution_options(synchronize_session=False)
)
"""Built once, and for a session without mails: it runs each second, and takes a third of the time so."""


async def add(session: Session, *, worth: timedelta, **columns: Any) -> bool:
    """Write a mail, and notify the senders at the commit; return False if the user has it for this occasion."""
    added = await session.scalar(
        insert(Mail)
        .values(expires_at=func.now() + worth, **columns)
        .on_conflict_do_nothing(index_elements=["user_id", "kind", "once"], index_where=Mail.once.is_not(None))
        .returning(Mail.id)
    )
    if added is None:
        return False
    await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})
    return True


async def claim(session: Session, *, busy_users: Collection[UUID]) -> Mail | None:
    """Claim the next due mail, and count the attempt before it starts; None if nothing is due."""
    claimed: Mail | None = await session.scalar(CLAIM, {"busy_users": list(busy_users)})
    return claimed


def _held(mail: Mail) -> tuple[Any, ...]:
    return Mail.id == mail.id, Mail.status == "sending", Mail.attempts == mail.attempts


async def end(session: Session, mail: Mail, *, status: str, outcome: str, status_code: int | None) -> bool:
    """Record that the mail was sent or given up, and forget its text; return False if another sender holds it."""
    found = await session.scalar(
        update(Mail)
        .where(*_held(mail))
        .values(status=status, outcome=outcome, status_code=status_code, sealed=None, ended_at=func.now())
        .returning(Mail.id)
    )
    return found is not None


async def postpone(
    session: Session, mail: Mail, *, after_seconds: float, outcome: str, status_code: int | None
) -> bool:
    """Set the time of the next attempt; return False if the mail expires before it, or another sender holds it."""
    next_at = func.now() + timedelta(seconds=after_seconds)
    found = await session.scalar(
        update(Mail)
        .where(*_held(mail), Mail.expires_at > next_at)
        .values(status="pending", due_at=next_at, outcome=outcome, status_code=status_code)
        .returning(Mail.id)
    )
    return found is not None


async def oldest_due_seconds(session: ReadSession) -> float:
    """Return how long the oldest mail has been due."""
    age: float | None = await session.scalar(
        select(func.extract("epoch", func.now() - func.min(Mail.due_at))).where(Mail.status.in_(UNFINISHED))
    )
    return max(0.0, float(age or 0))


async def count_dead(session: ReadSession, *, days: int) -> int:
    """Count the mails that were given up within so many days."""
    recent = Mail.ended_at > func.now() - timedelta(days=days)
    return await session.scalar(select(func.count()).where(Mail.status == "dead", recent)) or 0


async def dead(session: ReadSession, *, limit: int) -> list[Mail]:
    """Return the mails that were given up, newest first."""
    query = select(Mail).where(Mail.status == "dead").order_by(Mail.ended_at.desc()).limit(limit)
    return list(await session.scalars(query))


async def delete_old(session: Session, *, days: int, limit: int = 500) -> int:
    """Delete some mails that ended more than `days` ago; return their number."""
    old = (
        select(Mail.id)
        .where(Mail.status.in_(("sent", "dead", "dropped")), Mail.created_at < func.now() - timedelta(days=days))
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return len(list(await session.scalars(delete(Mail).where(Mail.id.in_(old)).returning(Mail.id))))


async def choices(session: ReadSession, user_id: UUID) -> dict[str, bool]:
    """Return what the user has chosen, by category."""
    rows = await session.execute(select(MailChoice.category, MailChoice.wanted).where(MailChoice.user_id == user_id))
    return {row.category: row.wanted for row in rows}


async def choose(session: Session, user_id: UUID, category: str, *, wanted: bool) -> None:
    values = {"user_id": user_id, "category": category, "wanted": wanted}
    await session.execute(
        insert(MailChoice)
        .values(**values)
        .on_conflict_do_update(
            index_elements=["user_id", "category"], set_={"wanted": wanted, "changed_at": func.now()}
        )
    )
