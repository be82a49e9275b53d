"""Entries of the audit trail: writing, sealing and reading."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Select, func, or_, select, text, tuple_

from backplane.db.models import AuditEvent
from backplane.db.session import ReadSession, Session
from shield_core.audit.chains import SYSTEM

# Built once: they run each second.
UNSEALED = select(AuditEvent).where(AuditEvent.seq.is_(None)).order_by(AuditEvent.id)
OLDEST_UNSEALED = UNSEALED.with_only_columns(AuditEvent.created_at).limit(1)
# One statement for a group: row by row the round trips took most of the sealer's time.
SEAL = text("""
UPDATE audit_events AS event SET seq = sealed.seq, prev = sealed.prev, hash = sealed.hash, payload = sealed.payload,
    person = NULL
FROM unnest(CAST(:ids AS uuid[]), CAST(:seqs AS bigint[]), CAST(:prevs AS bytea[]), CAST(:hashes AS bytea[]),
            CAST(:payloads AS text[])) AS sealed (id, seq, prev, hash, payload)
WHERE event.id = sealed.id AND event.seq IS NULL
""")


@dataclass(frozen=True, slots=True)
class Seal:
    """The place of an entry in its chain."""

    event_id: UUID
    seq: int
    prev: bytes
    hash: bytes
    payload: bytes


@dataclass(frozen=True, slots=True)
class Search:
    """What a reader of the trail looks for."""

    actions: tuple[str, ...] = ()
    """The beginnings of actions, of which one must fit; none of them fits all."""
    outcome: str | None = None
    actor: str | None = None
    user_id: UUID | None = None
    api_key_id: UUID | None = None
    object_id: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


EVERYTHING: Final = Search()


def add(session: Session, event: AuditEvent) -> None:
    session.add(event)


async def unsealed(session: Session, *, limit: int) -> list[AuditEvent]:
    """Return the oldest entries without a place."""
    return list(await session.scalars(UNSEALED.limit(limit)))


async def oldest_unsealed(session: ReadSession) -> datetime | None:
    found: datetime | None = await session.scalar(OLDEST_UNSEALED)
    return found


async def seal(session: Session, seals: Sequence[Seal]) -> None:
    values = {
        "ids": [one.event_id for one in seals],
        "seqs": [one.seq for one in seals],
        "prevs": [one.prev for one in seals],
        "hashes": [one.hash for one in seals],
        "payloads": [one.payload.decode() for one in seals],
    }
    await session.execute(SEAL, values)


async def page(
    session: ReadSession, chain: UUID, search: Search, *, limit: int, before: UUID | None
) -> list[AuditEvent]:
    """Find entries of a chain, newest first; `before` is the last one of the page before."""
    query = _matching(_of_chain(chain), search)
    if before is not None:
        place = _of_chain(chain).where(AuditEvent.id == before).with_only_columns(AuditEvent.created_at)
        query = query.where(tuple_(AuditEvent.created_at, AuditEvent.id) < tuple_(place.scalar_subquery(), before))
    return list(await session.scalars(query.order_by(AuditEvent.created_at.desc(), AuditEvent.id.desc()).limit(limit)))


async def of_chain(session: ReadSession, chain: UUID, event_id: UUID) -> AuditEvent | None:
    found: AuditEvent | None = await session.scalar(_of_chain(chain).where(AuditEvent.id == event_id))
    return found


async def sealed_after(
    session: ReadSession, chain: UUID, seq: int, *, until: int, limit: int, search: Search = EVERYTHING
) -> list[AuditEvent]:
    """Return rows of a chain in their order: those with a number above `seq`, up to `until`."""
    query = _matching(_of_chain(chain).where(AuditEvent.seq > seq, AuditEvent.seq <= until), search)
    return list(await session.scalars(query.order_by(AuditEvent.seq).limit(limit)))


async def restore_is_noted(session: ReadSession, *, action: str, root: str) -> bool:
    """Return whether the system's chain says that a database older than this checkpoint was restored."""
    query = _of_chain(SYSTEM).where(AuditEvent.action == action, AuditEvent.details["root_sha256"].astext == root)
    return await session.scalar(select(query.exists())) or False


def _of_chain(chain: UUID) -> Select[AuditEvent]:
    query = select(AuditEvent)
    return query.where(AuditEvent.account_id.is_(None) if chain == SYSTEM else AuditEvent.account_id == chain)


def _matching(query: Select[AuditEvent], search: Search) -> Select[AuditEvent]:
    for name in ("outcome", "actor", "user_id", "api_key_id", "object_id"):
        wanted = getattr(search, name)
        if wanted is not None:
            query = query.where(getattr(AuditEvent, name) == wanted)
    if search.actions:
        query = query.where(or_(*(func.starts_with(AuditEvent.action, one) for one in search.actions)))
    if search.created_after is not None:
        query = query.where(AuditEvent.created_at >= search.created_after)
    if search.created_before is not None:
        query = query.where(AuditEvent.created_at < search.created_before)
    return query
