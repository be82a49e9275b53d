"""Refresh tokens: rotation, reuse, and the families that descend from one login."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, delete, exists, func, literal, select, update
from sqlalchemy.orm import aliased

from backplane.db.models import RefreshToken
from backplane.db.session import ReadSession, Session

VALID = (RefreshToken.used_at.is_(None), RefreshToken.expires_at > func.now())
"""A refresh token that can still be used, by the database's clock."""


async def add(
    session: Session, *, account_id: UUID, family_id: UUID, token_sha256: bytes, seconds: int, browser: bool = False
) -> None:
    expires_at = await session.scalar(select(func.now() + timedelta(seconds=seconds)))
    session.add(
        RefreshToken(
            token_sha256=token_sha256,
            account_id=account_id,
            family_id=family_id,
            expires_at=expires_at,
            browser=browser,
        )
    )


async def spend(session: Session, token_sha256: bytes) -> RefreshToken | None:
    """Mark a program's token used and return it; None where it is unknown, expired or already used."""
    token: RefreshToken | None = await session.scalar(
        update(RefreshToken)
        .where(
            RefreshToken.token_sha256 == token_sha256,
            RefreshToken.browser.is_(False),
            *VALID,
        )
        .values(used_at=func.now())
        .returning(RefreshToken)
    )
    return token


async def spend_of_browser(
    session: Session, token_sha256: bytes, *, salt: bytes, settling_seconds: int
) -> RefreshToken | None:
    """Mark a browser's token used, with the salt of its successor, and return it.

    None where it is unknown, expired or used, or where its family was rotated less than `settling_seconds` ago.
    """
    relative = aliased(RefreshToken)
    rotated = exists().where(
        relative.family_id == RefreshToken.family_id,
        relative.used_at > func.now() - timedelta(seconds=settling_seconds),
    )
    token: RefreshToken | None = await session.scalar(
        update(RefreshToken)
        .where(
            RefreshToken.token_sha256 == token_sha256,
            RefreshToken.browser.is_(True),
            *VALID,
            ~rotated,
        )
        .values(used_at=func.now(), successor_salt=salt)
        .returning(RefreshToken)
    )
    return token


async def forget_salts(session: Session, spent: RefreshToken) -> None:
    """Delete the salts of the tokens before `spent`: from then on none of them leads to a later token."""
    earlier = (RefreshToken.family_id == spent.family_id, RefreshToken.token_sha256 != spent.token_sha256)
    salted = update(RefreshToken).where(*earlier, RefreshToken.successor_salt.is_not(None))
    await session.execute(salted.values(successor_salt=None))


async def of_browser(session: Session, token_sha256: bytes) -> RefreshToken | None:
    token: RefreshToken | None = await session.scalar(
        select(RefreshToken).where(RefreshToken.token_sha256 == token_sha256, RefreshToken.browser.is_(True))
    )
    return token


async def now(session: Session) -> datetime:
    """Return the database's time at which the transaction began: other clocks may differ."""
    time: datetime | None = await session.scalar(select(func.now()))
    assert time is not None
    return time


async def used(session: Session, token_sha256: bytes) -> RefreshToken | None:
    """Return a program's token that was used before: a second use means that it was copied."""
    token = await session.get(RefreshToken, token_sha256)
    return token if token is not None and token.used_at is not None and not token.browser else None


async def delete_all(session: Session) -> set[UUID]:
    """End every login session, of all users; return their ids."""
    ended: set[UUID] = set()
    # As in `delete_family`: a refresh may commit meanwhile.
    while found := set(await session.scalars(delete(RefreshToken).returning(RefreshToken.family_id))):
        ended |= found
    return ended


async def delete_family(session: Session, family_id: UUID) -> bool:
    """Delete all tokens that descend from one login; return False if there were none."""
    found = False
    # A refresh that commits while this statement waits for its row adds a token that the statement does not see.
    while list(
        await session.scalars(
            delete(RefreshToken).where(RefreshToken.family_id == family_id).returning(RefreshToken.family_id)
        )
    ):
        found = True
    return found


async def living_families(session: ReadSession, family_ids: Sequence[UUID]) -> set[UUID]:
    """Return the families that still have a valid token."""
    query = select(RefreshToken.family_id).where(
        RefreshToken.family_id == func.any(literal(family_ids, ARRAY(Uuid))),
        *VALID,
    )
    return set(await session.scalars(query))


async def delete_expired(session: Session) -> None:
    await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < func.now()))
