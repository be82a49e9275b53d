"""Rotation of the signing keys of access tokens, by an operator at the machine."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

from backplane.db.repositories import refresh_tokens, revocations
from backplane.db.session import Database
from backplane.services.audit import trail
from backplane.services.identity.signing_keys import SigningKeys
from backplane.services.requests.caller import Caller


@dataclass(frozen=True, slots=True)
class Rotation:
    """The outcome: the names of the keys, and when they change over."""

    signer: str
    """The `kid` of the new key."""
    signs_from: datetime
    before: str
    verifies_until: datetime | None
    """None if the keys before no longer verify."""
    published: int
    ended_sessions: int


class SigningKeyRotation:
    def __init__(self, database: Database, keys: SigningKeys) -> None:
        self._database = database
        self._keys = keys

    async def rotate(self, caller: Caller, *, at_once: bool) -> Rotation:
        """Make a new signing key. `at_once`: the keys before stop verifying, and all login sessions end.

        Raises:
            Unavailable: there is no vault yet, or another process has just rotated.
            DatabaseUnavailable: the rotation could not be recorded, and must be repeated.
        """
        before = self._keys.signer()
        await self._database.require_schema()  # no key without a place for its entry
        async with self._database.transaction() as session:
            ended = await refresh_tokens.delete_all(session) if at_once else set()
            for session_id in ended:
                revocations.add(session, session_id)
            # In the transaction: an unaudited rotation must be reported as a failure, so that it is repeated.
            key = await asyncio.to_thread(self._keys.add, at_once=at_once)
            details = {"signer": key.kid, "before": before.kid, "at_once": at_once, "ended_sessions": len(ended)}
            trail.record(session, caller, "signing_key.rotated", details=details)
        return Rotation(
            signer=key.kid,
            signs_from=datetime.fromtimestamp(key.signs_from, UTC),
            before=before.kid,
            verifies_until=None if at_once else datetime.fromtimestamp(self._keys.ring.end(before), UTC),
            published=len(self._keys.published()),
            ended_sessions=len(ended),
        )
