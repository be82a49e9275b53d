"""Devices that users have logged in on."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, exists, func, literal_column, select
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import KnownDevice
from backplane.db.session import Session


async def note(session: Session, user_id: UUID, sha256: bytes) -> bool:
    """Note a log-in; return whether the user has logged in before, and never on this device."""
    row = insert(KnownDevice).values(user_id=user_id, sha256=sha256)
    noted = row.on_conflict_do_update(index_elements=["user_id", "sha256"], set_={"last_seen_at": func.now()})
    # PostgreSQL sets `xmax` in a row that the statement updated and not in one that it inserted.
    inserted = await session.scalar(noted.returning(literal_column("xmax = 0")))
    others = exists().where(KnownDevice.user_id == user_id, KnownDevice.sha256 != sha256)
    return bool(inserted) and bool(await session.scalar(select(others)))


async def delete_older(session: Session, *, days: int) -> None:
    old = KnownDevice.last_seen_at < func.now() - timedelta(days=days)
    await session.execute(delete(KnownDevice).where(old))
