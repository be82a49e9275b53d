from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, delete, func, literal, select, text, update

from backplane.db.models import Account, RefreshToken
from backplane.db.session import ReadSession, Session

FIRST_ACCOUNT_LOCK = 0x71734953
"""Serialises registration, so that of two first accounts exactly one becomes the operator."""


async def lock_registration(session: Session) -> None:
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": FIRST_ACCOUNT_LOCK})


async def any_exists(session: Session) -> bool:
    return await session.scalar(select(Account.id).limit(1)) is not None


def add(session: Session, account: Account) -> None:
    session.add(account)


async def by_id(session: ReadSession, account_id: UUID) -> Account | None:
    return await session.get(Account, account_id)


async def by_email(session: ReadSession, email: str) -> Account | None:
    account: Account | None = await session.scalar(select(Account).where(Account.email == email))
    return account


async def replace_password_hash(session: Session, account_id: UUID, known: str, *, by: str) -> None:
    """Keep another hash of the same password, unless the password has been changed meanwhile."""
    same = update(Account).where(Account.id == account_id, Account.password_hash == known)
    await session.execute(same.values(password_hash=by))


async def add_refresh_token(
    session: Session, *, account_id: UUID, family_id: UUID, token_sha256: bytes, seconds: int
) -> None:
    expires_at = await session.scalar(select(func.now() + timedelta(seconds=seconds)))
    session.add(
        RefreshToken(token_sha256=token_sha256, account_id=account_id, family_id=family_id, expires_at=expires_at)
    )


async def spend_refresh_token(session: Session, token_sha256: bytes) -> RefreshToken | None:
    """Mark the token used and return it; None where it is unknown, expired or already used."""
    token: RefreshToken | None = await session.scalar(
        update(RefreshToken)
        .where(
            RefreshToken.token_sha256 == token_sha256,
            RefreshToken.used_at.is_(None),
            RefreshToken.expires_at > func.now(),
        )
        .values(used_at=func.now())
        .returning(RefreshToken)
    )
    return token


async def revoke_family_of_used(session: Session, token_sha256: bytes) -> RefreshToken | None:
    """Where the token was used before, delete its whole family and return it: it was stolen, from its account."""
    token = await session.get(RefreshToken, token_sha256)
    if token is None or token.used_at is None:
        return None
    await delete_family(session, token.family_id)
    return token


async def delete_family(session: Session, family_id: UUID) -> bool:
    """Delete all tokens that descend from one login; False where there were none."""
    found = False
    # A refresh that commits while a statement waits for its row adds one that this statement does not see.
    while list(
        await session.scalars(
            delete(RefreshToken).where(RefreshToken.family_id == family_id).returning(RefreshToken.family_id)
        )
    ):
        found = True
    return found


async def living_families(session: ReadSession, family_ids: Sequence[UUID]) -> set[UUID]:
    """Return those families of which a token can still be spent."""
    query = select(RefreshToken.family_id).where(
        RefreshToken.family_id == func.any(literal(family_ids, ARRAY(Uuid))),
        RefreshToken.used_at.is_(None),
        RefreshToken.expires_at > func.now(),
    )
    return set(await session.scalars(query))


async def delete_expired_refresh_tokens(session: Session) -> None:
    await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < func.now()))
