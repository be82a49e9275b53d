"""Deletion of everything that belongs to an account or a user, in groups: no statement takes long."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import and_, delete, exists, func, literal_column, select, text, update
from sqlalchemy.orm import aliased

from backplane.db.base import Base
from backplane.db.models import (
    Account,
    AnalysisSummary,
    ApiKey,
    Batch,
    Blob,
    Erasure,
    IdempotencyKey,
    Invitation,
    Job,
    Key,
    LoginSession,
    Membership,
    OneTimeToken,
    RefreshToken,
    SecurityObservation,
    UsageEntry,
    User,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookEvent,
)
from backplane.db.session import ReadSession, Session

OWNED: Final[tuple[type[Base], ...]] = (
    AnalysisSummary,
    WebhookDelivery,
    WebhookEvent,
    WebhookEndpoint,
    Batch,
    Key,
    UsageEntry,
    SecurityObservation,
    IdempotencyKey,
    ApiKey,
    Invitation,
)
"""Tables with an account's id that may have many rows. The others go with the row of the account or the user."""


async def cancel_running(session: Session, account_id: UUID) -> int:
    """Ask the workers to stop the account's jobs, and return how many run."""
    running = update(Job).where(Job.account_id == account_id, Job.status == "processing")
    asked = running.values(cancel_requested_at=func.coalesce(Job.cancel_requested_at, func.now()))
    return len(list(await session.scalars(asked.returning(Job.id))))


async def some_jobs(session: ReadSession, account_id: UUID, *, limit: int) -> Sequence[UUID]:
    query = select(Job.id).where(Job.account_id == account_id, Job.status != "processing").limit(limit)
    return list(await session.scalars(query))


async def any_job(session: ReadSession, account_id: UUID) -> bool:
    return await session.scalar(select(Job.id).where(Job.account_id == account_id).limit(1)) is not None


async def object_keys(session: ReadSession, job_ids: Sequence[UUID]) -> Sequence[str]:
    return list(await session.scalars(select(Blob.object_key).where(Blob.job_id.in_(job_ids))))


async def remove_jobs(session: Session, job_ids: Sequence[UUID]) -> None:
    """Delete jobs with all their rows; those that a worker has meanwhile stay for the next time."""
    await session.execute(delete(Job).where(Job.id.in_(job_ids), Job.status != "processing"))


async def remove_some(session: Session, table: type[Base], account_id: UUID, *, limit: int) -> int:
    """Delete some rows of an account, and return their number."""
    model: Any = table
    found: Any = select(literal_column("ctid")).select_from(model).where(model.account_id == account_id).limit(limit)
    done: Any = await session.execute(delete(model).where(literal_column("ctid").in_(found)))
    return int(done.rowcount)


async def end_sessions(session: Session, user_id: UUID) -> set[UUID]:
    """Delete the login sessions of a user with all tokens, and return their ids."""
    families = await session.scalars(
        delete(RefreshToken).where(RefreshToken.account_id == user_id).returning(RefreshToken.family_id)
    )
    known = await session.scalars(
        delete(LoginSession).where(LoginSession.user_id == user_id).returning(LoginSession.id)
    )
    await session.execute(delete(OneTimeToken).where(OneTimeToken.user_id == user_id))
    return {*families, *known}


async def suspend(session: Session, user_id: UUID) -> None:
    """Refuse every further log-in of a user."""
    await session.execute(update(User).where(User.id == user_id).values(suspended_at=func.now()))


async def forget_audit_keys(session: Session, owner_id: UUID) -> None:
    """Delete the sealed audit keys of an account and its user; the key that opens them is destroyed already."""
    await session.execute(update(Account).where(Account.id == owner_id).values(audit_key=None))
    await session.execute(update(User).where(User.id == owner_id).values(audit_key=None))


async def alone_in(session: ReadSession, user_id: UUID) -> Sequence[UUID]:
    """List the organizations that nobody else is in, and that are not to be erased already."""
    other = aliased(Membership)
    others = exists().where(other.account_id == Membership.account_id, other.user_id != user_id)
    waiting = exists().where(Erasure.account_id == Membership.account_id, Erasure.state != "done")
    query = select(Membership.account_id).join(Account, Account.id == Membership.account_id)
    return list(
        await session.scalars(
            query.where(Membership.user_id == user_id, Account.personal.is_(False), ~others, ~waiting)
        )
    )


async def heir(session: ReadSession, account_id: UUID, *, of: UUID) -> UUID | None:
    """Return who becomes the owner after a user: an admin before a member, and who joined first."""
    rank = func.array_position(text("ARRAY['owner', 'admin', 'member', 'auditor']"), Membership.role)
    query = select(Membership.user_id).where(Membership.account_id == account_id, Membership.user_id != of)
    found: UUID | None = await session.scalar(query.order_by(rank, Membership.created_at).limit(1))
    return found


async def organizations(session: ReadSession, user_id: UUID) -> Sequence[UUID]:
    """List the accounts of others that a user is a member of."""
    query = select(Membership.account_id).where(Membership.user_id == user_id, Membership.account_id != user_id)
    return list(await session.scalars(query))


async def remove_account(session: Session, account_id: UUID) -> None:
    await session.execute(delete(Account).where(Account.id == account_id))


async def remove_user(session: Session, user: User) -> None:
    """Delete a user, and what accounts of others know: the address that they invited, and who made their API keys."""
    await session.execute(delete(Invitation).where(Invitation.email == user.email))
    await session.execute(update(ApiKey).where(ApiKey.created_by == user.id).values(created_by=None))
    await session.execute(delete(User).where(User.id == user.id))


async def begin_again(session: Session, account_ids: Sequence[UUID]) -> Sequence[Account]:
    """Return those of the accounts that exist, closed; a restored backup has brought them back."""
    found = update(Account).where(Account.id.in_(account_ids)).values(closed_at=func.now())
    await session.execute(
        update(Erasure)
        .where(and_(Erasure.account_id.in_(account_ids), Erasure.state != "done"))
        .values(state="scheduled", erase_at=func.now())
    )
    return list(await session.scalars(found.returning(Account)))
