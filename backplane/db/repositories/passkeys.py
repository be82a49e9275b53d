"""Passkeys."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import Passkey, User
from backplane.db.session import ReadSession, Session


async def add(session: Session, **values: Any) -> Passkey | None:
    """Add a passkey; None if its credential is known, of this user or of another."""
    row = insert(Passkey).values(**values).on_conflict_do_nothing(index_elements=["credential_id"])
    added: Passkey | None = await session.scalar(row.returning(Passkey))
    return added


async def handle_of(session: Session, user_id: UUID, *, new: bytes) -> bytes | None:
    """Return the handle of a user, and keep `new` as it where there is none yet; None for no such user."""
    one = update(User).where(User.id == user_id).values(passkey_handle=func.coalesce(User.passkey_handle, new))
    handle: bytes | None = await session.scalar(one.returning(User.passkey_handle))
    return handle


async def of_user(session: ReadSession, user_id: UUID) -> Sequence[Passkey]:
    """List the passkeys of a user, the oldest first."""
    return list(await session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


async def by_credential(session: ReadSession, credential_id: bytes) -> tuple[Passkey, User] | None:
    """Find a passkey and its user by what the authenticator calls it."""
    query = select(Passkey, User).join(User, User.id == Passkey.user_id).where(Passkey.credential_id == credential_id)
    row = (await session.execute(query)).one_or_none()
    return (row[0], row[1]) if row is not None else None


async def use(session: Session, passkey_id: UUID, *, sign_count: int, backed_up: bool) -> bool:
    """Note a use and its counter; False if the counter did not grow, or the passkey is gone.

    Many authenticators do not count: then it is always 0 (WebAuthn, section 6.1.1).
    """
    grows = Passkey.sign_count < sign_count if sign_count else Passkey.sign_count == 0
    used = update(Passkey).where(Passkey.id == passkey_id, grows)
    values = {"sign_count": sign_count, "backed_up": backed_up, "last_used_at": func.now()}
    return await session.scalar(used.values(values).returning(Passkey.id)) is not None


async def rename(session: Session, user_id: UUID, passkey_id: UUID, name: str) -> Passkey | None:
    own = update(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    renamed: Passkey | None = await session.scalar(own.values(name=name).returning(Passkey))
    return renamed


async def remove(session: Session, user_id: UUID, passkey_id: UUID) -> str | None:
    """Delete a passkey of a user, and return its name; None if there is none."""
    own = delete(Passkey).where(Passkey.id == passkey_id, Passkey.user_id == user_id)
    name: str | None = await session.scalar(own.returning(Passkey.name))
    return name


async def remove_all(session: Session, user_id: UUID) -> int:
    removed = await session.scalars(delete(Passkey).where(Passkey.user_id == user_id).returning(Passkey.id))
    return len(list(removed))


async def count(session: ReadSession, user_id: UUID) -> int:
    return await session.scalar(select(func.count()).where(Passkey.user_id == user_id)) or 0
