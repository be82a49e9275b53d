"""Login sessions: what is known of a login, beside its refresh tokens."""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import LoginSession, RefreshToken
from backplane.db.repositories.refresh_tokens import VALID
from backplane.db.session import ReadSession, Session

UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of authentication of a login session that a gateway of the release before began."""


def add(session: Session, login: LoginSession) -> None:
    session.add(login)


async def touch(
    session: Session, session_id: UUID, *, user_id: UUID, browser: bool, user_agent: str | None, address: str | None
) -> LoginSession:
    """Note that a login session is in use, and return it; one of a gateway of the release before has no row yet."""
    seen = {"user_agent": user_agent, "address": address}
    row = insert(LoginSession).values(
        id=session_id, user_id=user_id, browser=browser, methods=["pwd"], auth_time=UNKNOWN_TIME, **seen
    )
    kept = row.on_conflict_do_update(index_elements=["id"], set_=seen | {"last_seen_at": func.now()})
    login: LoginSession | None = await session.scalar(kept.returning(LoginSession))
    assert login is not None
    return login


async def of_user(session: ReadSession, user_id: UUID) -> Sequence[tuple[LoginSession | None, UUID, bool, datetime]]:
    """List the active login sessions of a user: what is known, the id, whether of a browser, and the begin."""
    active = select(RefreshToken.family_id).where(RefreshToken.account_id == user_id, *VALID)
    begun = (
        select(
            RefreshToken.family_id.label("id"),
            func.bool_or(RefreshToken.browser).label("browser"),
            func.min(RefreshToken.created_at).label("began"),
        )
        .where(RefreshToken.family_id.in_(active))
        .group_by(RefreshToken.family_id)
        .subquery()
    )
    query = (
        select(LoginSession, begun.c.id, begun.c.browser, begun.c.began)
        .select_from(begun)
        .join(LoginSession, LoginSession.id == begun.c.id, isouter=True)
        .order_by(func.coalesce(LoginSession.last_seen_at, begun.c.began).desc(), begun.c.id.desc())
    )
    return [tuple(row) for row in await session.execute(query)]


async def ids_of_user(session: ReadSession, user_id: UUID) -> set[UUID]:
    """List the ids of all login sessions of a user that may still hold a valid access token."""
    return set(await session.scalars(select(RefreshToken.family_id).where(RefreshToken.account_id == user_id)))


async def by_id(session: ReadSession, session_id: UUID) -> LoginSession | None:
    return await session.get(LoginSession, session_id)


async def is_known(session: ReadSession, user_id: UUID, *, user_agent: str | None, address: str | None) -> bool:
    """Return whether the user has a login session from this program at this network address."""
    here = (LoginSession.user_agent == user_agent, LoginSession.address == address)
    found = await session.scalar(select(LoginSession.id).where(LoginSession.user_id == user_id, *here).limit(1))
    return found is not None


async def confirm(
    session: Session, session_id: UUID, *, user_id: UUID, methods: Collection[str]
) -> LoginSession | None:
    """Note that the user has just proved who they are, and how; None if the login session has ended."""
    known = await session.scalar(
        select(LoginSession).where(LoginSession.id == session_id, LoginSession.user_id == user_id).with_for_update()
    )
    if known is None:
        return None
    changed = update(LoginSession).where(LoginSession.id == session_id)
    values = {"auth_time": func.now(), "methods": sorted({*known.methods, *methods})}
    login: LoginSession | None = await session.scalar(changed.values(values).returning(LoginSession))
    return login


async def remove(session: Session, session_id: UUID) -> None:
    await session.execute(delete(LoginSession).where(LoginSession.id == session_id))


async def delete_ended(session: Session) -> None:
    """Delete those that no refresh token is left of."""
    left = exists().where(RefreshToken.family_id == LoginSession.id)
    await session.execute(delete(LoginSession).where(~left))
