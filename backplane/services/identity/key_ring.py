"""Signing keys of access tokens, and their rotation. docs/guides/operations.md, "The keys that sign access tokens".

A new key is published first and signs after the time for which the published keys may be cached. From then on its
predecessors sign nothing more, and verify until their last token has expired. A key that replaces a compromised one
signs at once, and its predecessors no longer verify.
"""

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

JWKS_SECONDS = 300
"""How long the published keys may be cached."""

ANNOUNCE_SECONDS = 2 * JWKS_SECONDS
"""How long a key is published before it signs: a cache that just missed it asks again meanwhile."""

SKEW_SECONDS = 60
"""How far the clocks of two gateways may differ."""

KEPT_SECONDS = 3600
"""How long the file of a key that no longer verifies is kept, for a gateway whose clock is late."""

SCALAR_SIZE = THUMBPRINT_SIZE = 32
RECORD_SIZE = SCALAR_SIZE + 8 + 1 + THUMBPRINT_SIZE
NOT_IMPORTED = bytes(THUMBPRINT_SIZE)


@dataclass(frozen=True)
class SigningKey:
    """A P-256 key, and when it signs."""

    private: ec.EllipticCurvePrivateKey = field(repr=False)
    signs_from: int = 0
    """Unix time; 0 for the first key, which was never announced."""
    at_once: bool = False
    """Whether it ended its predecessors when it was made, because one was compromised."""
    imported: bytes = NOT_IMPORTED
    """The thumbprint of the key of `SIGNING_KEY_FILE` that was imported; every later key repeats it."""

    @classmethod
    def generate(cls, *, signs_from: int = 0, at_once: bool = False, imported: bytes = NOT_IMPORTED) -> Self:
        return cls(ec.generate_private_key(ec.SECP256R1()), signs_from, at_once, imported)

    @classmethod
    def from_pem(cls, pem: bytes) -> Self:
        """Read the key of `SIGNING_KEY_FILE`.

        Raises:
            ValueError: it holds no P-256 private key.
        """
        private = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private, ec.EllipticCurvePrivateKey) or not isinstance(private.curve, ec.SECP256R1):
            raise ValueError("SIGNING_KEY_FILE must hold a P-256 private key in PEM")
        return cls(private, imported=_thumbprint(private.public_key()))

    @classmethod
    def from_record(cls, record: bytes) -> Self:
        """Read what `record` wrote."""
        if len(record) != RECORD_SIZE:
            raise ValueError("a signing key of the vault has another length: it was written by a later release")
        scalar, rest = int.from_bytes(record[:SCALAR_SIZE]), record[SCALAR_SIZE:]
        private = ec.derive_private_key(scalar, ec.SECP256R1())
        return cls(private, int.from_bytes(rest[:8]), bool(rest[8]), rest[9:])

    def record(self) -> bytes:
        """Return what the vault keeps: scalar ‖ u64 signs_from ‖ u8 at_once ‖ imported."""
        scalar = self.private.private_numbers().private_value.to_bytes(SCALAR_SIZE)
        return scalar + self.signs_from.to_bytes(8) + bytes([self.at_once]) + self.imported

    @cached_property
    def kid(self) -> str:
        return _text(_thumbprint(self.private.public_key()))

    @property
    def public_members(self) -> dict[str, str]:
        """The required members of its JWK (RFC 7518, section 6.2.1)."""
        return _members(self.private.public_key())

    def pem(self) -> str:
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()


class KeyRing:
    """The signing keys of the vault at a moment, oldest first."""

    def __init__(self, keys: Sequence[SigningKey] = (), *, token_seconds: int) -> None:
        self.keys = tuple(keys)
        self._token_seconds = token_seconds
        self._by_kid = {key.kid: key for key in keys}
        self._ends = {key.kid: self._end(number) for number, key in enumerate(keys)}

    def signer(self, now: float) -> SigningKey | None:
        """Return the key that signs; None if there is no key at all."""
        known = self.verifying(now)
        signing = [key for key in known if key.at_once or key.signs_from <= now]
        return signing[-1] if signing else next(iter(known), None)

    def verifier(self, kid: object, now: float) -> SigningKey | None:
        """Return the key of this name, if it verifies; an announced one does: another gateway's clock may be ahead."""
        if not isinstance(kid, str) or now >= self._ends.get(kid, 0):
            return None
        return self._by_kid[kid]

    def verifying(self, now: float) -> list[SigningKey]:
        """Return the keys that verify, oldest first: those to publish."""
        return [key for kid, key in self._by_kid.items() if now < self._ends[kid]]

    def end(self, key: SigningKey) -> float:
        """Return the time from which a key no longer verifies: infinity for the newest, 0 if it was ended at once."""
        return self._ends[key.kid]

    def is_outdated(self, key: SigningKey, now: float) -> bool:
        """Return whether a key has not verified for so long that it can be destroyed."""
        return self._succeeded_at(self.keys.index(key)) + self._token_seconds + KEPT_SECONDS < now

    def _end(self, number: int) -> float:
        if any(key.at_once for key in self.keys[number + 1 :]):
            return 0
        return self._succeeded_at(number) + self._token_seconds + SKEW_SECONDS

    def _succeeded_at(self, number: int) -> float:
        return min((key.signs_from for key in self.keys[number + 1 :]), default=math.inf)


def _members(public: ec.EllipticCurvePublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    point = {name: _text(value.to_bytes(SCALAR_SIZE)) for name, value in (("x", numbers.x), ("y", numbers.y))}
    return {"crv": "P-256", "kty": "EC", **point}


def _thumbprint(public: ec.EllipticCurvePublicKey) -> bytes:
    """RFC 7638: the digest of the required members in lexicographic order."""
    return hashlib.sha256(json.dumps(_members(public), sort_keys=True, separators=(",", ":")).encode()).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
