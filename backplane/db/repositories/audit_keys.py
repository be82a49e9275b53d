"""Keys of person data in the audit trail, in the rows of their users and accounts."""

from collections.abc import Collection
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import select, update

from backplane.db.models import Account, User
from backplane.db.session import ReadSession, Session

HolderKind = Literal["user", "account"]
Holder = tuple[HolderKind, UUID]

HOLDERS: Final[dict[HolderKind, type[User] | type[Account]]] = {"user": User, "account": Account}


async def sealed(session: ReadSession, holders: Collection[Holder]) -> dict[Holder, bytes | None]:
    """Return the sealed keys of those holders that exist; None for one that has no key yet."""
    found: dict[Holder, bytes | None] = {}
    for kind, model in HOLDERS.items():
        wanted = [holder_id for of, holder_id in holders if of == kind]
        if wanted:
            rows = (await session.execute(select(model.id, model.audit_key).where(model.id.in_(wanted)))).all()
            found |= {(kind, holder_id): key for holder_id, key in rows}
    return found


async def store(session: Session, holder: Holder, key: bytes) -> None:
    """Write the first key of a holder."""
    kind, holder_id = holder
    model = HOLDERS[kind]
    await session.execute(
        update(model)
        .where(model.id == holder_id, model.audit_key.is_(None))
        .values(audit_key=key)
        .execution_options(synchronize_session=False)
    )
