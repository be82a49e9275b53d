"""The keys that sign answers on request, with published public keys. docs/guides/signatures.md, "Rotation"."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from backplane.vault import KEY_SIZE, LocalVault
from shield_core.keys.jwk import Algorithm, PublicKey

USE: Final = "response-signature"

LEAD_SECONDS: Final = 600
"""A new key is published for so long before it signs: twice as long as copies of the key set may be kept."""

OVERLAP_SECONDS: Final = 24 * 3600
"""An old key stays published for so long after it has signed last. Its signatures are good for 300 s."""

CHECK_SECONDS: Final = 5.0
"""How long a process uses the keys that it has read: a rotation needs no restart."""

_TIME: Final = 8


@dataclass(frozen=True, slots=True)
class ResponseKey:
    """A key that signs answers from a moment on, in seconds since 1970."""

    private: Ed25519PrivateKey = field(repr=False)
    signs_from: int

    @property
    def public(self) -> PublicKey:
        return PublicKey(Algorithm.ED25519, self.private.public_key().public_bytes_raw())

    @property
    def kid(self) -> str:
        return self.public.kid


class ResponseKeys:
    """Response keys of the vault."""

    def __init__(self, vault: LocalVault, clock: Callable[[], float] = time.time) -> None:
        self._series = vault.response_keys
        self._clock = clock
        self._signer: ResponseKey | None = None
        self._read_at = 0.0

    def signer(self) -> ResponseKey:
        """Return the key that signs now; the first caller makes the first one."""
        now = self._clock()
        if self._signer is None or not 0 <= now - self._read_at < CHECK_SECONDS:
            self._signer, self._read_at = _signer_of(self._keys(), now), now
        return self._signer

    def public_keys(self) -> list[dict[str, str]]:
        """Return the public keys whose signatures may be met, newest first, as JWKs."""
        return [key.public.to_jwk(use=USE) for key in reversed(self._published())]

    def rotate(self, *, at_once: bool = False) -> ResponseKey:
        """Make a new key, which signs after `LEAD_SECONDS`, and destroy those that are no longer published.

        `at_once` is for a key that somebody else knows: the new key signs now, and all others are destroyed.
        """
        self._keys()
        signs_from = int(self._clock()) + (0 if at_once else LEAD_SECONDS)
        self._series.add(_write(signs_from), after=self._series.last)
        kept = 1 if at_once else len(self._published())
        for number in self._series.numbers()[:-kept]:
            self._series.destroy(number)
        self._signer = None
        return self._keys()[-1]

    def _published(self) -> list[ResponseKey]:
        """Return the keys that sign, will sign, or have signed a short time ago; oldest first."""
        keys, oldest = self._keys(), self._clock() - OVERLAP_SECONDS
        successors = [*(key.signs_from for key in keys[1:]), None]
        return [key for key, since in zip(keys, successors, strict=True) if since is None or since > oldest]

    def _keys(self) -> list[ResponseKey]:
        if not self._series.numbers():
            self._series.add(_write(int(self._clock())), after=0)
        found = []
        for number in self._series.numbers():
            with suppress(FileNotFoundError):  # another process has destroyed it a moment ago
                found.append(_read(self._series.read(number)))
        return found


def _signer_of(keys: list[ResponseKey], now: float) -> ResponseKey:
    # A clock that was set back must not leave the service without a key.
    return next((key for key in reversed(keys) if key.signs_from <= now), keys[0])


def _write(signs_from: int) -> bytes:
    return signs_from.to_bytes(_TIME, "big") + Ed25519PrivateKey.generate().private_bytes_raw()


def _read(stored: bytes) -> ResponseKey:
    seed = stored[_TIME : _TIME + KEY_SIZE]
    return ResponseKey(Ed25519PrivateKey.from_private_bytes(seed), int.from_bytes(stored[:_TIME], "big"))
