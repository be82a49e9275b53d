"""Challenges of passkeys: random, each good for one answer, one purpose and five minutes. Redis holds their digests."""

import hashlib
import hmac
import secrets

from backplane.bus import RedisBus
from backplane.errors.factors import PasskeyRefused
from backplane.services.identity.ceremonies import SECONDS

PREFIX = "imageshield:challenge:"
SIZE = 32


class Challenges:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def make(self, purpose: str) -> bytes:
        """Make a challenge; `purpose` says for what, and for which login session or pending log-in.

        Raises:
            Unavailable: Redis does not answer.
        """
        challenge = secrets.token_bytes(SIZE)
        await self._bus.keep(_name(challenge), purpose.encode(), seconds=SECONDS)
        return challenge

    async def spend(self, challenge: bytes, purpose: str) -> None:
        """Use up a challenge.

        Raises:
            PasskeyRefused: it was used, is too old, or was made for something else.
            Unavailable: Redis does not answer.
        """
        kept = await self._bus.take(_name(challenge))
        if kept is None or not hmac.compare_digest(kept, purpose.encode()):
            raise PasskeyRefused


def _name(challenge: bytes) -> str:
    return PREFIX + hashlib.sha256(challenge).hexdigest()
