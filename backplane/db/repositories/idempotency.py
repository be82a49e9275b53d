"""Idempotency keys and their reservations."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import IdempotencyKey
from backplane.db.session import ReadSession, Session

LEASE_SECONDS = 60
"""Longer than the time from the last byte of a request to the commit; the upload itself is not included."""

LIFETIME_SECONDS = 24 * 3600


async def reserve(session: Session, *, key_id: bytes, account_id: UUID, holder: UUID, columns: dict[str, Any]) -> bool:
    """Reserve the key if it is free: it is new or expired, or the lease of its holder ran out and nothing was made."""
    values = columns | {
        "account_id": account_id,
        "holder": holder,
        "lease_until": func.now() + timedelta(seconds=LEASE_SECONDS),
        "object_kind": None,
        "object_id": None,
        "answer": None,
        "expires_at": func.now() + timedelta(seconds=LIFETIME_SECONDS),
        "created_at": func.now(),
    }
    abandoned = IdempotencyKey.object_id.is_(None) & (IdempotencyKey.lease_until < func.now())
    taken = await session.scalar(
        insert(IdempotencyKey)
        .values(id=key_id, **values)
        .on_conflict_do_update(
            index_elements=[IdempotencyKey.id],
            set_=values,
            where=abandoned | (IdempotencyKey.expires_at <= func.now()),
        )
        .returning(IdempotencyKey.holder)
    )
    return taken is not None


async def of_account(session: ReadSession, account_id: UUID, key_id: bytes) -> IdempotencyKey | None:
    found: IdempotencyKey | None = await session.scalar(
        select(IdempotencyKey).where(IdempotencyKey.account_id == account_id, IdempotencyKey.id == key_id)
    )
    return found


async def fulfill(session: Session, key_id: bytes, holder: UUID, **columns: Any) -> bool:
    """Record what was made under the reservation; return False if another holder has it by now."""
    kept = await session.scalar(
        update(IdempotencyKey)
        .where(IdempotencyKey.id == key_id, IdempotencyKey.holder == holder, IdempotencyKey.object_id.is_(None))
        .values(**columns)
        .returning(IdempotencyKey.id)
    )
    return kept is not None


async def release(session: Session, key_id: bytes, holder: UUID) -> None:
    """Release a key under which nothing was made."""
    await session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.id == key_id, IdempotencyKey.holder == holder, IdempotencyKey.object_id.is_(None)
        )
    )


async def forget_password(session: Session, object_id: UUID) -> None:
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.object_id == object_id, IdempotencyKey.password_mac.is_not(None))
        .values(password_mac=None)
    )


async def delete_expired(session: Session) -> int:
    rows = await session.scalars(
        delete(IdempotencyKey).where(IdempotencyKey.expires_at <= func.now()).returning(IdempotencyKey.id)
    )
    return len(list(rows))
