"""The queue of audit entries that the rules have yet to look at, and what the rules remember."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, delete, func, insert, select, text
from sqlalchemy.dialects.postgresql import JSONB

from backplane.db.models import SecurityObservation, SecurityTally
from backplane.db.session import Session

WATCHING: Final = 0x71734157
"""Advisory lock: of several relays one looks at a time."""

COLUMNS: Final = [column.name for column in SecurityObservation.__table__.columns if column.name != "id"]

STORE = text("""
INSERT INTO security_tallies (key, rule, state, expires_at)
SELECT key, rule, state, expires_at
FROM unnest(CAST(:keys AS bytea[]), CAST(:rules AS text[]), CAST(:expiries AS timestamptz[])) WITH ORDINALITY
         AS tally (key, rule, expires_at, place)
JOIN jsonb_array_elements(:states) WITH ORDINALITY AS kept (state, place) USING (place)
ON CONFLICT (key) DO UPDATE SET state = excluded.state, expires_at = excluded.expires_at
""").bindparams(bindparam("states", type_=JSONB))
"""One statement for a group: row by row the round trips would take most of the time."""


@dataclass(frozen=True, slots=True)
class Tally:
    key: bytes
    rule: str
    state: Mapping[str, Any]
    expires_at: datetime


async def observe(session: Session, observations: Sequence[SecurityObservation]) -> None:
    """Append observations. Only the sealer does, one at a time: so their order is that of the commits."""
    if observations:
        rows = [{name: getattr(one, name) for name in COLUMNS} for one in observations]
        await session.execute(insert(SecurityObservation), rows)


async def waiting(session: Session, *, limit: int) -> list[SecurityObservation]:
    return list(await session.scalars(select(SecurityObservation).order_by(SecurityObservation.id).limit(limit)))


async def forget(session: Session, *, until: int) -> None:
    """Delete the observations up to this one."""
    await session.execute(delete(SecurityObservation).where(SecurityObservation.id <= until))


async def tallies(session: Session, keys: Collection[bytes]) -> dict[bytes, dict[str, Any]]:
    query = select(SecurityTally.key, SecurityTally.state).where(SecurityTally.key.in_(keys))
    rows = (await session.execute(query)).all()
    return {row.key: row.state for row in rows}


async def store(session: Session, changed: Sequence[Tally]) -> None:
    if changed:
        values = {
            "keys": [one.key for one in changed],
            "rules": [one.rule for one in changed],
            "expiries": [one.expires_at for one in changed],
            "states": [dict(one.state) for one in changed],
        }
        await session.execute(STORE, values)


async def delete_expired_tallies(session: Session) -> None:
    await session.execute(delete(SecurityTally).where(SecurityTally.expires_at < func.now()))
