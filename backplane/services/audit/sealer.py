"""The sealer: it gives every entry its place in a chain. One at a time works, of all relays."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from backplane import failpoints
from backplane.db.models import AuditEvent
from backplane.db.repositories import audit, audit_chains
from backplane.db.repositories import security_observations as security
from backplane.db.repositories.audit import Seal
from backplane.db.repositories.audit_chains import Head
from backplane.db.session import Database, Session
from backplane.metrics import AUDIT_SEALED, AUDIT_UNSEALED
from backplane.services.audit import payloads, signals
from backplane.services.audit.persons import AuditKeys
from shield_core.audit.chains import genesis, row_hash

AT_ONCE: Final = 500
"""Entries in one transaction: a tenth of a second of work, in a thread."""


class Sealer:
    def __init__(self, database: Database, keys: AuditKeys) -> None:
        self._database = database
        self._keys = keys

    async def seal_all(self) -> None:
        """Seal whatever waits."""
        if await self._oldest() is None:
            return  # one round trip; the lock would take four
        while await self.seal() == AT_ONCE:
            pass

    async def seal(self) -> int:
        """Seal the oldest entries that wait, and return their number; 0 also if another process seals."""
        async with self._database.transaction() as session:
            if not await audit_chains.try_lock(session, audit_chains.SEALING):
                return 0
            events = await audit.unsealed(session, limit=AT_ONCE)
            if events:
                await self._seal(session, events)
        failpoints.reach("audit.sealed")
        AUDIT_SEALED.inc(len(events))
        return len(events)

    async def measure(self) -> None:
        """Set the metric of the entry that waits longest."""
        oldest = await self._oldest()
        AUDIT_UNSEALED.set(0 if oldest is None else max(0, (datetime.now(UTC) - oldest).total_seconds()))

    async def _oldest(self) -> datetime | None:
        async with self._database.reading() as session:
            return await audit.oldest_unsealed(session)

    async def _seal(self, session: Session, events: Sequence[AuditEvent]) -> None:
        persons = await self._keys.open_staged(session, events)
        closed = {event_id: key.close(event_id, fields) for event_id, (key, fields) in persons.items()}
        heads = await audit_chains.heads_of(session, {payloads.chain_of(event) for event in events})
        failpoints.reach("audit.sealing")
        seals = await asyncio.to_thread(_chain, events, closed, heads)
        await audit.seal(session, seals)
        failpoints.reach("audit.rows_sealed")
        seen = [signals.observe(event, persons.get(event.id)) for event in events]
        await security.observe(session, [one for one in seen if one is not None])
        await audit_chains.advance(session, [Head(chain, *head) for chain, head in heads.items()])
        failpoints.reach("audit.heads_advanced")


def _chain(
    events: Sequence[AuditEvent], closed: Mapping[UUID, dict[str, Any]], heads: dict[UUID, tuple[int, bytes]]
) -> list[Seal]:
    """Give each entry the place behind the head of its chain, which becomes the new head."""
    seals = []
    for event in events:
        chain = payloads.chain_of(event)
        last, prev = heads.get(chain, (0, genesis(chain)))
        payload = payloads.build(event, closed.get(event.id))
        seal = Seal(event.id, last + 1, prev, row_hash(last + 1, prev, payload), payload)
        seals.append(seal)
        heads[chain] = (seal.seq, seal.hash)
    return seals
