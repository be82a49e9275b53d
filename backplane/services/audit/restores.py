"""The continuation of the chains after an older database was restored: an entry in each of them."""

from collections.abc import Mapping
from uuid import UUID

from backplane.db.repositories import audit_chains
from backplane.db.session import Database, Session
from backplane.services.audit import trail
from backplane.services.audit.checkpoints import continues
from backplane.services.audit.published import PublishedCheckpoints
from backplane.services.requests.caller import Actor, Caller
from shield_core.audit.chains import SYSTEM
from shield_core.audit.verification import RESTORED


class AuditRestores:
    """Says in every chain that the database is an older one, and which checkpoint the store has."""

    def __init__(self, database: Database, published: PublishedCheckpoints) -> None:
        self._database = database
        self._published = published

    async def is_needed(self) -> bool:
        """Return whether the store has a checkpoint that the database does not know: nothing is signed then."""
        stored = await self._published.newest()
        async with self._database.reading() as session:
            return not await continues(session, stored)

    async def note(self) -> int:
        """Write the entries; return the number of chains."""
        stored = await self._published.newest()
        details = {
            "checkpoint": stored.number if stored else None,
            "root_sha256": stored.checkpoint.root.hex() if stored else None,
        }
        async with self._database.transaction() as session:
            chains = {*await audit_chains.all_ids(session), SYSTEM}
            for chain in chains:
                _note(session, chain, details)
        return len(chains)


def _note(session: Session, chain: UUID, details: Mapping[str, object]) -> None:
    trail.record(session, Caller(chain, Actor.OPERATOR), RESTORED, details=details)
