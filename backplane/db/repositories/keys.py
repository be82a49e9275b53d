from uuid import UUID

from sqlalchemy import select

from backplane.db.models import Job, Key
from backplane.db.session import ReadSession, Session


def add(session: Session, key: Key) -> None:
    session.add(key)


async def of_account(session: ReadSession, account_id: UUID, key_id: UUID) -> Key | None:
    key: Key | None = await session.scalar(select(Key).where(Key.account_id == account_id, Key.id == key_id))
    return key


async def of_job(session: ReadSession, account_id: UUID, job_id: UUID) -> Key | None:
    key: Key | None = await session.scalar(select(Key).where(Key.account_id == account_id, Key.job_id == job_id))
    return key


async def warnings_of(session: ReadSession, account_id: UUID, key_id: UUID | None) -> list[str] | None:
    """Read the warnings of the job that made a key of this account; None where either is not there."""
    query = select(Job.warnings).join(Key, Key.job_id == Job.id)
    owned = Key.account_id == account_id, Key.id == key_id, Job.account_id == account_id, Job.deleted_at.is_(None)
    warnings: list[str] | None = await session.scalar(query.where(*owned))
    return warnings
