"""Keys of person data in the audit trail."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import select, tuple_

from backplane.db.models import AuditKey
from backplane.db.session import ReadSession, Session


async def of_holders(session: ReadSession, holders: Collection[tuple[str, UUID]]) -> list[AuditKey]:
    query = select(AuditKey).where(tuple_(AuditKey.holder_kind, AuditKey.holder_id).in_(holders))
    return list(await session.scalars(query)) if holders else []


async def by_ids(session: ReadSession, key_ids: Collection[UUID]) -> list[AuditKey]:
    return list(await session.scalars(select(AuditKey).where(AuditKey.id.in_(key_ids)))) if key_ids else []


async def add(session: Session, key: AuditKey) -> None:
    session.add(key)
    await session.flush()
