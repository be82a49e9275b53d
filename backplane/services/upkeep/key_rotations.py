"""Rotation of the keys that sign receipts, answers and audit checkpoints, by an operator at the machine.

Those of access tokens are in `backplane.services.identity.signing_key_rotation`: they end login sessions.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from backplane.actions import Action
from backplane.db.session import Database
from backplane.services.audit import trail
from backplane.services.audit.signers import CheckpointKeys
from backplane.services.entropy.receipts import Receipts
from backplane.services.requests.caller import Caller
from backplane.services.requests.response_keys import ResponseKeys
from backplane.vault import LocalVault
from shield_core.keys.jwk import PublicKey


@dataclass(frozen=True, slots=True)
class KeyRotation:
    """The outcome: the names of the keys, and how many are published."""

    keys: Sequence[PublicKey]
    """The new key, one for each algorithm."""
    before: str
    published: int
    signs_from: datetime | None = None
    """None for one that signs from now on."""

    @property
    def signer(self) -> str:
        """The `kid` of the new key."""
        return self.keys[0].kid

    @property
    def algorithms(self) -> list[str]:
        return [key.algorithm.value for key in self.keys]


class KeyRotations:
    def __init__(self, database: Database, vault: LocalVault) -> None:
        self._database = database
        self._vault = vault

    async def rotate_receipt_key(self, caller: Caller, *, ml_dsa_65: bool | None = None) -> KeyRotation:
        """Make a new key that signs receipts from now on. `ml_dsa_65` as in `Receipts.rotate`.

        Raises:
            DatabaseUnavailable: the rotation could not be recorded, and must be repeated.
        """
        receipts = Receipts(self._vault)

        def rotate() -> KeyRotation:
            before = receipts.signer().public_keys[0].kid
            keys = receipts.rotate(ml_dsa_65=ml_dsa_65).public_keys
            return KeyRotation(keys, before, len(receipts.public_keys()))

        return await self._recorded(caller, "receipt_key.rotated", rotate)

    async def rotate_response_key(self, caller: Caller, *, at_once: bool) -> KeyRotation:
        """Make a new key that signs answers after it was published, or at once, which destroys all others.

        Raises:
            DatabaseUnavailable: the rotation could not be recorded, and must be repeated.
        """
        responses = ResponseKeys(self._vault)

        def rotate() -> KeyRotation:
            before = responses.signer().kid
            key = responses.rotate(at_once=at_once)
            signs_from = datetime.fromtimestamp(key.signs_from, UTC)
            return KeyRotation([key.public], before, len(responses.public_keys()), signs_from)

        return await self._recorded(caller, "response_key.rotated", rotate, at_once=at_once)

    async def rotate_audit_key(self, caller: Caller) -> KeyRotation:
        """Make a new key that signs audit checkpoints from now on.

        Raises:
            Unavailable: there is no vault yet.
            DatabaseUnavailable: the rotation could not be recorded, and must be repeated.
        """
        checkpoints = CheckpointKeys(self._vault)

        def rotate() -> KeyRotation:
            before = checkpoints.signer().public_key.kid
            key = checkpoints.rotate().public_key
            return KeyRotation([key], before, len(checkpoints.public_keys()))

        return await self._recorded(caller, "audit_key.rotated", rotate)

    async def _recorded(
        self, caller: Caller, action: Action, rotate: Callable[[], KeyRotation], **more: bool
    ) -> KeyRotation:
        await self._database.require_schema()  # no key without a place for its entry
        async with self._database.transaction() as session:
            # In the transaction: an unaudited rotation must be reported as a failure, so that it is repeated.
            found = await asyncio.to_thread(rotate)
            details = {"signer": found.signer, "before": found.before, "algorithms": found.algorithms, **more}
            trail.record(session, caller, action, details=details)
        return found
