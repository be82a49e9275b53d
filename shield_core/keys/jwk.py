"""Published public keys that verify signatures: JSON Web Keys and sets of them (RFC 7517).

A set is untrusted. Only keys that declare the requested use are selected from it, and a key is identified by its
thumbprint (RFC 7638), not by the name in the set.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PublicKey

from shield_core.errors import KeySetInvalid

MAX_BYTES: Final = 1_048_576
"""Three hundred keys of both kinds: decades of rotation."""

USE_MEMBER: Final = "imageshield_use"
"""RFC 7517 allows additional members in a key. `use` can only be `sig`; this member says what is signed."""

PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv", "seed"})
"""Members that only private and secret keys have: RFC 7518, section 6; RFC 8037; RFC 9964 and its drafts."""


class Algorithm(StrEnum):
    """The signature schemes that keys verify."""

    ED25519 = "Ed25519"
    ML_DSA_65 = "ML-DSA-65"


_SIZES: Final = {Algorithm.ED25519: 32, Algorithm.ML_DSA_65: 1952}
_ALG: Final = {
    # RFC 8037 writes EdDSA, RFC 9864 the name of the curve; the first is published because more readers know it.
    Algorithm.ED25519: ("EdDSA", "Ed25519"),
    Algorithm.ML_DSA_65: ("ML-DSA-65",),
}


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that verifies: `raw` has 32 bytes for Ed25519 (RFC 8032) and 1952 for ML-DSA-65 (FIPS 204).

    Raises:
        ValueError: the length is wrong.
    """

    algorithm: Algorithm
    raw: bytes

    def __post_init__(self) -> None:
        """Refuse bytes that cannot be a key of this scheme."""
        if len(self.raw) != _SIZES[self.algorithm]:
            raise ValueError(f"a public key of {self.algorithm.value} has {_SIZES[self.algorithm]} bytes")

    @property
    def kid(self) -> str:
        """The thumbprint: base64url of the SHA-256 of the required members in their order (RFC 7638, section 3)."""
        text = json.dumps(self._required(), sort_keys=True, separators=(",", ":"))
        return _encode(hashlib.sha256(text.encode()).digest())

    def to_jwk(self, *, use: str) -> dict[str, str]:
        """Write the key as a JWK: OKP (RFC 8037) or AKP (RFC 9964).

        Args:
            use: the value of `imageshield_use`: what the key verifies.
        """
        named = {"kid": self.kid, "use": "sig", "alg": _ALG[self.algorithm][0], USE_MEMBER: use}
        return self._required() | named

    def verify(self, signature: bytes, message: bytes) -> bool:
        """Return whether a signature (Ed25519: 64 bytes; ML-DSA-65: 3309, empty context) is valid for a message."""
        try:
            if self.algorithm is Algorithm.ED25519:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
            else:
                MLDSA65PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def _required(self) -> dict[str, str]:
        if self.algorithm is Algorithm.ED25519:
            return {"crv": "Ed25519", "kty": "OKP", "x": _encode(self.raw)}
        return {"alg": "ML-DSA-65", "kty": "AKP", "pub": _encode(self.raw)}


@dataclass(frozen=True, slots=True)
class KeySet:
    """The keys of a set for the requested use, by their thumbprints, and the reason why each other key is skipped."""

    keys: Mapping[str, PublicKey]
    passed_over: tuple[str, ...] = ()


def write(keys: Iterable[PublicKey], *, use: str) -> list[dict[str, str]]:
    """Write public keys as the `keys` of a JWK Set."""
    return [key.to_jwk(use=use) for key in keys]


def parse(data: bytes, *, use: str) -> KeySet:
    """Read a JWK Set, and select the keys for one use.

    Args:
        data: an untrusted JSON object with the array `keys` (RFC 7517, section 5), at most 1 MiB.
        use: the required value of `imageshield_use`.

    Returns:
        Keys with `use` `sig`, an `alg` that matches their type, and their thumbprint as `kid`.

    Raises:
        KeySetInvalid: not a JWK Set, or one that contains a private key.
    """
    keys: dict[str, PublicKey] = {}
    passed_over = []
    for entry in _entries(data):
        try:
            key = _read(entry, use)
        except _PassedOver as why:
            passed_over.append(str(why))
        else:
            keys[key.kid] = key
    return KeySet(keys, tuple(passed_over))


class _PassedOver(Exception):
    """A key of the set is skipped; the message has only fixed words, because the set may be hostile."""


def _entries(data: bytes) -> list[dict[str, Any]]:
    if len(data) > MAX_BYTES:
        raise KeySetInvalid("A key set has at most 1 MiB")
    try:
        value = json.loads(data.decode(), object_pairs_hook=_object, parse_constant=_refuse)
    except (ValueError, RecursionError):
        # Not chained: the parser's error contains the whole document, which may hold a private key.
        raise KeySetInvalid("The key set is not JSON with unique names") from None
    entries = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise KeySetInvalid("A key set is a JSON object with an array of objects, `keys`")
    if any(PRIVATE_MEMBERS & entry.keys() for entry in entries):
        raise KeySetInvalid(
            "The key set holds a private key: it is not what was published. Anyone who saw it can sign; tell its owner"
        )
    return entries


def _read(entry: Mapping[str, Any], use: str) -> PublicKey:
    if entry.get(USE_MEMBER) != use:
        raise _PassedOver("a key for something else")
    kinds = {("OKP", "Ed25519"): (Algorithm.ED25519, "x"), ("AKP", None): (Algorithm.ML_DSA_65, "pub")}
    kind = (entry.get("kty"), entry.get("crv"))
    if not all(part is None or isinstance(part, str) for part in kind) or kind not in kinds:
        raise _PassedOver("a key of another type")
    algorithm, member = kinds[kind]
    if entry.get("use") != "sig" or entry.get("alg") not in _ALG[algorithm]:
        raise _PassedOver("a key that is not for such signatures")
    try:
        key = PublicKey(algorithm, _decode(entry.get(member)))
    except ValueError:
        raise _PassedOver("a key of a wrong size or spelling") from None
    if entry.get("kid") != key.kid:
        raise _PassedOver("a key that goes by a name other than its thumbprint")
    return key


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name that occurs twice")
    return value


def _refuse(_: str) -> NoReturn:
    raise ValueError("not a number of JSON")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: object) -> bytes:
    """Read base64url exactly as `_encode` writes it; refuse other spellings of the same bytes."""
    if not isinstance(text, str):
        raise ValueError("base64url is a string")
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise ValueError("not base64url") from None
    if _encode(data) != text:
        raise ValueError("base64url that is not canonical")
    return data
