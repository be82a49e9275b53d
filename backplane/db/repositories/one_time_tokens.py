"""One-time tokens."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, or_, select, update

from backplane.db.models import OneTimeToken
from backplane.db.session import ReadSession, Session

KEPT_DAYS = 30
"""How long the link of an expired or used token is still explained."""


async def add(session: Session, *, lifetime: timedelta, **columns: Any) -> None:
    await session.execute(insert(OneTimeToken).values(expires_at=func.now() + lifetime, **columns))


async def spend(session: Session, *, purpose: str, token_sha256: bytes) -> OneTimeToken | None:
    """Mark a valid token used and return it; None if it is unknown, expired or used."""
    token: OneTimeToken | None = await session.scalar(
        update(OneTimeToken)
        .where(
            OneTimeToken.token_sha256 == token_sha256,
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(OneTimeToken)
    )
    return token


async def find(session: ReadSession, *, purpose: str, token_sha256: bytes) -> OneTimeToken | None:
    token: OneTimeToken | None = await session.scalar(
        select(OneTimeToken).where(OneTimeToken.token_sha256 == token_sha256, OneTimeToken.purpose == purpose)
    )
    return token


async def spend_all(session: Session, *, purpose: str, user_id: UUID | None) -> None:
    """Mark all tokens of a user for a purpose used."""
    of_user = OneTimeToken.user_id == user_id if user_id is not None else OneTimeToken.user_id.is_(None)
    await session.execute(
        update(OneTimeToken)
        .where(of_user, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None))
        .values(used_at=func.now())
    )


async def erase_contents(session: Session) -> None:
    """Erase what used and expired tokens would have done: an address and a password hash that nobody confirmed."""
    over = or_(OneTimeToken.used_at.is_not(None), OneTimeToken.expires_at < func.now())
    await session.execute(update(OneTimeToken).where(OneTimeToken.sealed.is_not(None), over).values(sealed=None))


async def delete_old(session: Session) -> None:
    before = func.now() - timedelta(days=KEPT_DAYS)
    await session.execute(delete(OneTimeToken).where(OneTimeToken.expires_at < before))
