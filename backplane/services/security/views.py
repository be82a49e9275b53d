"""Security events, for the people who look after an account, and for operators."""

from uuid import UUID

from backplane.db.repositories import administration, security_events
from backplane.db.repositories.security_events import Search
from backplane.db.session import Database
from backplane.errors import NotFound
from backplane.services.audit import trail
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from backplane.services.security.facts import SecurityEventFacts

__all__ = ["Search", "SecurityEvents"]


class SecurityEvents:
    """Events of the caller's account; of the installation, for a caller of NO_ACCOUNT."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, caller: Caller, search: Search, *, limit: int, before: UUID | None = None
    ) -> tuple[list[SecurityEventFacts], bool]:
        """Return events, newest first, and whether there are more."""
        async with self._database.reading() as session:
            found = await security_events.page(session, _account(caller), search, limit=limit + 1, before=before)
        return [SecurityEventFacts.of(event) for event in found[:limit]], len(found) > limit

    async def acknowledge(self, caller: Caller, event_id: UUID) -> SecurityEventFacts:
        """Note that somebody has looked at an event; a second time changes nothing.

        Raises:
            NotFound: the account has no such event.
        """
        async with self._database.transaction() as session:
            event = await security_events.find(session, _account(caller), event_id)
            if event is None:
                raise NotFound
            if event.acknowledged_at is None:
                event.acknowledged_at = await administration.now(session)
                event.acknowledged_by = caller.user_id
                details = {"rule": event.rule}
                trail.record(session, caller, "security_event.acknowledged", event_id, details=details)
            return SecurityEventFacts.of(event)


def _account(caller: Caller) -> UUID | None:
    return caller.account_id if caller.account_id != NO_ACCOUNT else None
