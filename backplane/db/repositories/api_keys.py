"""API keys, found by their hash or by their account."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    LargeBinary,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB

from backplane.db.models import Account, ApiKey, Mail, MailChoice, Membership, User
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

MAKER_IS_MEMBER = or_(
    ApiKey.created_by.is_(None),
    exists().where(
        Membership.account_id == ApiKey.account_id,
        Membership.user_id == ApiKey.created_by,
        User.id == ApiKey.created_by,
        User.suspended_at.is_(None),
    ),
)
"""The user who made a key has seen its text. Their other keys are revoked when they go; a suspension may end again."""


@dataclass(frozen=True, slots=True)
class Expiring:
    """A key that expires soon, and the user who made it; `occasion` names the mail about it."""

    name: str
    account_name: str | None
    expires_at: datetime
    user_id: UUID
    email: str
    occasion: str


def _of_account(account_id: UUID) -> Select[ApiKey]:
    return select(ApiKey).where(ApiKey.account_id == account_id, ApiKey.revoked_at.is_(None))


async def by_hashes(session: ReadSession, hashes: Sequence[bytes]) -> list[ApiKey]:
    """Find the keys that are in force; expired ones too, for which there is another answer."""
    wanted = func.any(literal(list(hashes), ARRAY(LargeBinary)))
    found = select(ApiKey).where(ApiKey.hash == wanted, ApiKey.revoked_at.is_(None), MAKER_IS_MEMBER)
    return list(await session.scalars(found))


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


async def revoke_beyond(session: Session, account_id: UUID, user_id: UUID, scopes: Collection[str]) -> list[UUID]:
    """Revoke the keys that a user has made in an account and that have other scopes than these; return their ids."""
    made = (ApiKey.account_id == account_id, ApiKey.created_by == user_id, ApiKey.revoked_at.is_(None))
    beyond = ~ApiKey.scopes.bool_op("<@")(literal(sorted(scopes), JSONB))
    revoked = update(ApiKey).where(*made, beyond).values(revoked_at=func.now()).returning(ApiKey.id)
    return list(await session.scalars(revoked))


async def asleep(session: Session, key_ids: Collection[UUID], *, since: timedelta) -> list[tuple[UUID, UUID, int]]:
    """Find and lock those of the keys that were not used for so long: key, account, and days."""
    last = func.coalesce(ApiKey.last_used_at, ApiKey.created_at)
    days = func.floor(func.extract("epoch", func.now() - last) / 86_400)
    query = select(ApiKey.id, ApiKey.account_id, days).where(ApiKey.id.in_(key_ids), last < func.now() - since)
    rows = await session.execute(query.order_by(ApiKey.id).with_for_update())
    return [(key_id, account_id, int(number)) for key_id, account_id, number in rows.all()]


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


async def expiring(
    session: ReadSession, span: tuple[timedelta, timedelta], *, mail: str, mark: str, limit: int
) -> list[Expiring]:
    """Find keys that expire after the first and within the second time, and of which no mail with this mark says so.

    Not those that were replaced or made for no longer than that, and not where the maker wants no mail.
    """
    nearer, farther = span
    occasion = cast(ApiKey.id, Text) + f":{mark}"
    told = exists().where(Mail.user_id == User.id, Mail.kind == mail, Mail.once == occasion)
    unwanted = exists().where(MailChoice.user_id == User.id, MailChoice.category == "keys", ~MailChoice.wanted)
    query = (
        select(ApiKey.name, Account.name, ApiKey.expires_at, User.id, User.email, occasion)
        .join(Account, Account.id == ApiKey.account_id)
        .join(User, User.id == ApiKey.created_by)
        .where(
            *(ApiKey.revoked_at.is_(None), ApiKey.replaced_by.is_(None), Account.closed_at.is_(None), MAKER_IS_MEMBER),
            *(ApiKey.expires_at > func.now() + nearer, ApiKey.expires_at <= func.now() + farther),
            ApiKey.created_at < ApiKey.expires_at - farther,
            *(~told, ~unwanted),
        )
    )
    rows: list[Any] = list(await session.execute(query.order_by(ApiKey.expires_at).limit(limit)))
    return [Expiring(*row) for row in rows]


async def delete_ended(session: Session) -> int:
    """Delete the rows of keys that ended long ago; return their number."""
    before = func.now() - timedelta(days=ENDED_DAYS)
    ended = or_(ApiKey.revoked_at < before, ApiKey.expires_at < before, ApiKey.grace_until < before)
    return len(list(await session.scalars(delete(ApiKey).where(ended).returning(ApiKey.id))))
