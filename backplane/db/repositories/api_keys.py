"""API keys, found by their hash or by their account."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, LargeBinary, Select, and_, bindparam, delete, func, literal, or_, select, text, update

from backplane.db.models import ApiKey
from backplane.db.session import ReadSession, Session

ENDED_DAYS = 90
"""How long the row of a key that has ended is kept: its id is in the audit trail."""

MOST = 200
"""Of a list: an account has few valid keys, but a program may rotate its own every hour."""

VALID = (
    ApiKey.revoked_at.is_(None),
    or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now()),
    or_(ApiKey.grace_until.is_(None), ApiKey.grace_until > func.now()),
)


def _of_account(account_id: UUID) -> Select[ApiKey]:
    return select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None))


async def by_hashes(session: ReadSession, hashes: Sequence[bytes]) -> list[ApiKey]:
    """Find the keys that are not revoked; expired ones too, for which there is another answer."""
    wanted = func.any(literal(list(hashes), ARRAY(LargeBinary)))
    return list(await session.scalars(select(ApiKey).where(ApiKey.hash == wanted, ApiKey.revoked_at.is_(None))))


async def page(session: ReadSession, account_id: UUID, *, revoked: bool = False) -> list[ApiKey]:
    """List the keys of an account, the valid ones first, then newest first; `revoked` adds those that were revoked."""
    query = select(ApiKey).where(ApiKey.account_id == account_id) if revoked else _of_account(account_id)
    return list(await session.scalars(query.order_by(and_(*VALID).desc(), ApiKey.id.desc()).limit(MOST)))


async def of_account(session: ReadSession, account_id: UUID, key_id: UUID) -> ApiKey | None:
    key: ApiKey | None = await session.scalar(_of_account(account_id).where(ApiKey.id == key_id))
    return key


async def lock_of_account(session: Session, account_id: UUID, key_id: UUID) -> ApiKey | None:
    """Find a key, and keep others from changing it meanwhile."""
    key: ApiKey | None = await session.scalar(_of_account(account_id).where(ApiKey.id == key_id).with_for_update())
    return key


async def lock_account(session: Session, account_id: UUID) -> None:
    """Serialize the creation of an account's keys, so that it stays within its limit."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"apk{account_id}"})


async def count_valid(session: ReadSession, account_id: UUID) -> int:
    return await session.scalar(select(func.count()).where(ApiKey.account_id == account_id, *VALID)) or 0


async def count_hashed_before(session: ReadSession, version: int) -> int:
    """Count the valid keys whose hash is under an older pepper than this one."""
    older = func.substring(ApiKey.hash, 1, 4) < version.to_bytes(4)
    return await session.scalar(select(func.count()).select_from(ApiKey).where(older, *VALID)) or 0


async def add(session: Session, key: ApiKey) -> None:
    session.add(key)
    await session.reload(key)


async def change(session: Session, key: ApiKey, columns: Mapping[str, Any]) -> None:
    for column, value in columns.items():
        setattr(key, column, value)
    await session.reload(key)


async def revoke(session: Session, key: ApiKey) -> None:
    await session.execute(update(ApiKey).where(ApiKey.id == key.id).values(revoked_at=func.now()))


async def revoke_of_user(session: Session, account_id: UUID, user_id: UUID) -> list[UUID]:
    """Revoke the keys that a user has made in an account, and return their ids."""
    mine = (ApiKey.account_id == account_id, ApiKey.created_by == user_id, ApiKey.revoked_at.is_(None))
    return list(await session.scalars(update(ApiKey).where(*mine).values(revoked_at=func.now()).returning(ApiKey.id)))


async def note_use(session: Session, uses: Mapping[UUID, bytes], *, every: timedelta) -> None:
    """Set the time of the last use, to the minute, and the hash under the newest pepper."""
    # In the order of ids: two gateways that note the same keys must not wait for each other.
    rows = [{"key_id": key_id, "new_hash": uses[key_id]} for key_id in sorted(uses)]
    due = or_(
        ApiKey.last_used_at.is_(None),
        ApiKey.last_used_at < func.now() - every,
        ApiKey.hash != bindparam("new_hash", type_=LargeBinary),
    )
    statement = (
        update(ApiKey.__table__)  # type: ignore[arg-type]
        .where(ApiKey.id == bindparam("key_id"), due)
        .values(last_used_at=func.now(), hash=bindparam("new_hash", type_=LargeBinary))
    )
    await (await session.connection()).execute(statement, rows)


async def delete_ended(session: Session) -> int:
    """Delete the rows of keys that ended long ago; return their number."""
    before = func.now() - timedelta(days=ENDED_DAYS)
    ended = or_(ApiKey.revoked_at < before, ApiKey.expires_at < before, ApiKey.grace_until < before)
    return len(list(await session.scalars(delete(ApiKey).where(ended).returning(ApiKey.id))))
