"""Search in an audit chain: of an account, or of the system."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from backplane.db.models import AuditEvent
from backplane.db.repositories import audit, audit_chains
from backplane.db.repositories.audit import EVERYTHING, Search
from backplane.db.session import Database
from backplane.errors import NotFound
from backplane.services.audit.persons import AuditKeys
from backplane.services.requests.caller import Caller

__all__ = ["EVERYTHING", "AuditFacts", "AuditRow", "AuditViews", "Search"]


@dataclass(frozen=True, slots=True)
class AuditFacts:
    """An entry; `seq` is None until it is sealed, `person` is None if there is nothing readable."""

    id: UUID
    seq: int | None
    created_at: datetime
    action: str
    outcome: str
    actor: str | None
    user_id: UUID | None
    api_key_id: UUID | None
    role: str | None
    object_id: UUID | None
    request_id: str | None
    details: Mapping[str, Any]
    person: Mapping[str, str] | None

    @classmethod
    def of(cls, event: AuditEvent, person: Mapping[str, str] | None) -> Self:
        return cls(
            id=event.id,
            seq=event.seq,
            created_at=event.created_at,
            action=event.action,
            outcome=event.outcome,
            actor=event.actor,
            user_id=event.user_id,
            api_key_id=event.api_key_id,
            role=event.role,
            object_id=event.object_id,
            request_id=event.request_id,
            details=event.details,
            person=person,
        )


@dataclass(frozen=True, slots=True)
class AuditRow:
    """An entry with its place in the chain; what the place consists of is None until it is sealed."""

    facts: AuditFacts
    prev: bytes | None
    hash: bytes | None
    payload: str | None
    signed: bool
    """Whether a checkpoint covers it."""


class AuditViews:
    def __init__(self, database: Database, keys: AuditKeys) -> None:
        self._database = database
        self._keys = keys

    async def get(self, caller: Caller, event_id: UUID) -> AuditRow:
        """Return an entry of the caller's account with its place in the chain. Raises NotFound."""
        async with self._database.reading() as session:
            event = await audit.of_chain(session, caller.account_id, event_id)
            if event is None:
                raise NotFound
            persons = await self._keys.read(session, [event])
            checked = await audit_chains.checked_length(session, caller.account_id)
        signed = event.seq is not None and event.seq <= checked
        facts = AuditFacts.of(event, persons.get(event.id))
        return AuditRow(facts, event.prev, event.hash, event.payload, signed)

    async def page(
        self, caller: Caller, search: Search, *, limit: int, before: UUID | None = None
    ) -> tuple[list[AuditFacts], bool]:
        """Return entries of the caller's account, newest first, and whether there are more.

        The trail of the system is that of NO_ACCOUNT.
        """
        async with self._database.reading() as session:
            found = await audit.page(session, caller.account_id, search, limit=limit + 1, before=before)
            persons = await self._keys.read(session, found[:limit])
        return [AuditFacts.of(event, persons.get(event.id)) for event in found[:limit]], len(found) > limit
