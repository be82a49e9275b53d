"""Invitations to accounts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, exists, func, select, update

from backplane.db.models import Account, Invitation, Membership, User
from backplane.db.session import ReadSession, Session

LIFETIME = timedelta(days=7)
DAY = timedelta(days=1)
OPEN = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))
VALID = (*OPEN, Invitation.expires_at > func.now())


@dataclass(frozen=True, slots=True)
class Mailed:
    """How many mails were written within a day: for the account, by the user, to the address."""

    by_account: int
    by_user: int
    to_address: int


async def add(session: Session, invitation: Invitation) -> None:
    """Write an invitation that expires after its lifetime, by the database's clock."""
    invitation.expires_at = func.now() + LIFETIME
    session.add(invitation)
    await session.reload(invitation)


async def by_token(session: ReadSession, token_sha256: bytes) -> Invitation | None:
    query = select(Invitation).where(Invitation.token_sha256 == token_sha256)
    invitation: Invitation | None = await session.scalar(query.execution_options(populate_existing=True))
    return invitation


async def of_account(session: ReadSession, account_id: UUID, invitation_id: UUID) -> Invitation | None:
    """Find an open invitation of an account; it may have expired."""
    invitation: Invitation | None = await session.scalar(
        select(Invitation).where(Invitation.account_id == account_id, Invitation.id == invitation_id, *OPEN)
    )
    return invitation


async def open_of_account(session: ReadSession, account_id: UUID) -> Sequence[Invitation]:
    """List the open invitations of an account, newest first; some may have expired."""
    query = select(Invitation).where(Invitation.account_id == account_id, *OPEN)
    return list(await session.scalars(query.order_by(Invitation.id.desc())))


async def open_to(session: Session, account_id: UUID, email: str) -> Invitation | None:
    invitation: Invitation | None = await session.scalar(
        select(Invitation).where(Invitation.account_id == account_id, Invitation.email == email, *OPEN)
    )
    return invitation


async def count_open(session: ReadSession, account_id: UUID) -> int:
    query = select(func.count()).select_from(Invitation).where(Invitation.account_id == account_id, *OPEN)
    return await session.scalar(query) or 0


async def count_valid(session: ReadSession, account_id: UUID, *, but: UUID | None = None) -> int:
    """Count the invitations of an account that can still be accepted, one excepted."""
    query = select(func.count()).select_from(Invitation).where(Invitation.account_id == account_id, *VALID)
    return await session.scalar(query if but is None else query.where(Invitation.id != but)) or 0


async def is_invited(session: ReadSession, email: str) -> bool:
    """Return whether the address has a valid invitation: then it may register by invitation."""
    valid = select(Invitation.id).join(Account, Account.id == Invitation.account_id)
    wanted = valid.where(Invitation.email == email.lower(), *VALID, Account.closed_at.is_(None))
    return await session.scalar(wanted.limit(1)) is not None


async def is_expired(session: ReadSession, invitation_id: UUID) -> bool:
    """Return whether an invitation has expired, by the database's clock."""
    late = exists().where(Invitation.id == invitation_id, Invitation.expires_at <= func.now())
    return bool(await session.scalar(select(late)))


async def mailed_within_a_day(session: Session, *, account_id: UUID, user_id: UUID, email: str) -> Mailed:
    # A resent invitation counts with its earlier mails: rather a few too many.
    recent = Invitation.sent_at > func.now() - DAY

    async def total(condition: ColumnElement[bool]) -> int:
        query = select(func.coalesce(func.sum(Invitation.sends), 0)).where(recent, condition)
        return int(await session.scalar(query) or 0)

    return Mailed(
        by_account=await total(Invitation.account_id == account_id),
        by_user=await total(Invitation.invited_by == user_id),
        to_address=await total(Invitation.email == email),
    )


async def seconds_since_sent(session: ReadSession, invitation_id: UUID) -> float:
    age = select(func.extract("epoch", func.now() - Invitation.sent_at)).where(Invitation.id == invitation_id)
    return float(await session.scalar(age) or 0)


async def renew(session: Session, invitation: Invitation, token_sha256: bytes, *, invited_by: UUID) -> None:
    """Give an invitation another token and its whole lifetime; the token before is worth nothing from then on."""
    await session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id)
        .values(
            token_sha256=token_sha256,
            invited_by=invited_by,
            sends=Invitation.sends + 1,
            sent_at=func.now(),
            expires_at=func.now() + LIFETIME,
        )
    )
    await session.reload(invitation)


async def accept(session: Session, invitation_id: UUID) -> None:
    await session.execute(update(Invitation).where(Invitation.id == invitation_id).values(accepted_at=func.now()))


async def revoke(
    session: Session, account_id: UUID, *, invitation_id: UUID | None = None, invited_by: UUID | None = None
) -> Sequence[UUID]:
    """Revoke open invitations of an account: one, those of an inviter, or all; return their ids."""
    chosen = [Invitation.account_id == account_id, *OPEN]
    if invitation_id is not None:
        chosen.append(Invitation.id == invitation_id)
    if invited_by is not None:
        chosen.append(Invitation.invited_by == invited_by)
    revoked = update(Invitation).where(*chosen).values(revoked_at=func.now()).returning(Invitation.id)
    return list(await session.scalars(revoked))


async def describe(session: ReadSession, invitation: Invitation) -> tuple[str | None, str]:
    """Return the name of the account and the address of the inviter."""
    query = (
        select(Account.name, User.email)
        .select_from(Account)
        .join(User, User.id == invitation.invited_by)
        .where(Account.id == invitation.account_id)
    )
    name, inviter = (await session.execute(query)).one()
    return name, inviter


async def is_member(session: ReadSession, account_id: UUID, email: str) -> bool:
    query = select(Membership.user_id).join(User, User.id == Membership.user_id)
    return await session.scalar(query.where(Membership.account_id == account_id, User.email == email)) is not None


async def delete_old(session: Session, *, days: int) -> None:
    """Delete the invitations whose time was over so many days ago."""
    await session.execute(delete(Invitation).where(Invitation.expires_at < func.now() - timedelta(days=days)))
