"""Open requests to remove the second factors of users."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import FactorReset
from backplane.db.session import Session


async def add(
    session: Session, user_id: UUID, *, requested_by: UUID | None, reason: str | None, lifetime: timedelta
) -> bool:
    """Open a request; False if one is open. An expired one gives way."""
    values = {
        "requested_by": requested_by,
        "reason": reason,
        "requested_at": func.now(),
        "expires_at": func.now() + lifetime,
    }
    row = insert(FactorReset).values(user_id=user_id, **values)
    taken = row.on_conflict_do_update(
        index_elements=[FactorReset.user_id], set_=values, where=FactorReset.expires_at <= func.now()
    )
    return await session.scalar(taken.returning(FactorReset.user_id)) is not None


async def take(session: Session, user_id: UUID) -> FactorReset | None:
    """Remove the open request of a user and return it; None without one."""
    wanted = delete(FactorReset).where(FactorReset.user_id == user_id, FactorReset.expires_at > func.now())
    found: FactorReset | None = await session.scalar(wanted.returning(FactorReset))
    return found


async def delete_expired(session: Session) -> None:
    await session.execute(delete(FactorReset).where(FactorReset.expires_at <= func.now()))
