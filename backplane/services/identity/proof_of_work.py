"""Proof of work for registrations (ALTCHA): a browser computes for a second, and a robot for each of its addresses.

A challenge is signed and not stored; Redis remembers the solved ones until they expire.
"""

import hashlib
import time
from typing import Any

import altcha

from backplane.bus import RedisBus
from backplane.errors.users import ProofOfWorkRefused
from backplane.vault import LocalVault
from shield_core.keys.schedule import LABELS, hkdf

SECONDS = 600
ALGORITHM, COST, KEY_PREFIX = "PBKDF2/SHA-256", 5000, "00"
"""256 derivations of 5,000 iterations in the mean: about a second in a browser. Verifying takes one."""

LONGEST = 4096
USED = "imageshield:proof:"
ONCE = "return redis.call('SET', KEYS[1], '1', 'NX', 'EX', ARGV[1]) and 1 or 0"


class ProofOfWork:
    def __init__(self, bus: RedisBus, vault: LocalVault, *, required: bool) -> None:
        self._bus = bus
        self._vault = vault
        self.required = required

    def challenge(self) -> dict[str, Any]:
        """Make a challenge for `altcha` or any other solver."""
        made = altcha.create_challenge(
            ALGORITHM, COST, key_prefix=KEY_PREFIX, expires_at=int(time.time()) + SECONDS, hmac_secret=self._key()
        )
        found: dict[str, Any] = made.to_dict()
        return found

    async def require(self, solution: str | None) -> None:
        """Use a solution.

        Raises:
            ProofOfWorkRefused: there is none, it is wrong or expired, or was used before.
            Unavailable: Redis does not answer.
        """
        if not self.required:
            return
        if solution is None:
            raise ProofOfWorkRefused("Solve a challenge of /api/v1/auth/challenge, and send the solution")
        solved = self._verify(solution)
        if solved is None:
            raise ProofOfWorkRefused("The solution is wrong, or its challenge has expired")
        # By the challenge, which is signed: the same solution can be written in many ways.
        key = USED + hashlib.sha256(solved.encode()).hexdigest()
        if not await self._bus.evaluate(ONCE, [key], [SECONDS]):
            raise ProofOfWorkRefused("The solution was used before")

    def _verify(self, solution: str) -> str | None:
        """Return the number of the solved challenge; None if it is not solved."""
        if len(solution) > LONGEST:
            return None
        try:
            payload = altcha.Payload.from_base64(solution)
            verified = altcha.verify_solution(payload, self._key()).verified
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return str(payload.challenge.parameters.nonce) if verified else None

    def _key(self) -> bytes:
        return hkdf(self._vault.fingerprint_key(), info=LABELS.proof_of_work)
