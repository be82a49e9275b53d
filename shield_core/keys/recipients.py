"""Recipients: file keys that are encrypted with a public key. docs/reference/format.md, "Stanzas".

HPKE (RFC 9180) in base mode; its KEM combines X25519 and ML-KEM-768 (X-Wing, KEM id 0x647A), so the key stays secret as
long as one of the two is unbroken.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256, shake_256
from typing import Any, Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from shield_core.keys import canonical
from shield_core.keys.schedule import LABELS
from shield_core.keys.stanzas import HINT_SIZE, Stanza

PUBLIC_PREFIX: Final = "imageshield-public-1:"
SECRET_PREFIX: Final = "imageshield-secret-1:"  # noqa: S105 - the prefix of a secret

ML_KEM_PUBLIC_SIZE: Final = 1184
PUBLIC_SIZE: Final = ML_KEM_PUBLIC_SIZE + 32
ML_KEM_SEED_SIZE: Final = 64
SECRET_SIZE: Final = 32
CHECK_SIZE: Final = 4

_SUITE: Final = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_ANY_SECRET: Final = X25519PrivateKey.from_private_bytes(bytes(32))
"""Any key serves for this check: a point of low order gives zero with all of them, as X25519 clears the cofactor."""


class RecipientUnfit(ValueError):
    """A text is not a key of a recipient; the message never quotes it."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """The public key of a recipient, which file keys are encrypted for.

    Args:
        data: 1216 bytes: the ML-KEM-768 encapsulation key, then the X25519 public key.

    Raises:
        RecipientUnfit: another length, an encapsulation key that fails the check of FIPS 203, section 7.2, or an X25519
            point of low order, with which every secret would be zero.
    """

    data: bytes

    def __post_init__(self) -> None:
        if len(self.data) != PUBLIC_SIZE:
            raise RecipientUnfit("A public key has 1216 bytes")
        try:
            _ANY_SECRET.exchange(self._x25519())
            self._ml_kem()
        except ValueError:
            raise RecipientUnfit("This public key is of no use: no secret key belongs to it") from None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `imageshield-public-1:…`.

        Raises:
            RecipientUnfit: a secret key, another text, or a key that was truncated or mistyped.
        """
        if text.startswith(SECRET_PREFIX):
            raise RecipientUnfit("This is a secret key, to be kept by its owner; its public key belongs here")
        return cls(_decode(text, PUBLIC_PREFIX, PUBLIC_SIZE))

    @property
    def text(self) -> str:
        """The text form to share: one line of 1648 characters."""
        return _encode(self.data, PUBLIC_PREFIX)

    @property
    def hint(self) -> bytes:
        """8 bytes that identify the stanzas of this key: the first bytes of its SHA-256."""
        return sha256(self.data).digest()[:HINT_SIZE]

    def seal(self, plaintext: bytes, *, info: bytes) -> bytes:
        """Encrypt for the holder of the secret key: HPKE, mode base, one message (RFC 9180, section 6.1).

        Returns:
            The encapsulation (1120 bytes), the ciphertext, and the tag (16 bytes).
        """
        return _SUITE.encrypt(plaintext, hpke.MLKEM768X25519PublicKey(self._ml_kem(), self._x25519()), info=info)

    def _ml_kem(self) -> MLKEM768PublicKey:
        return MLKEM768PublicKey.from_public_bytes(self.data[:ML_KEM_PUBLIC_SIZE])

    def _x25519(self) -> X25519PublicKey:
        return X25519PublicKey.from_public_bytes(self.data[ML_KEM_PUBLIC_SIZE:])


@dataclass(frozen=True, slots=True)
class SecretKey:
    """The secret key of a recipient, which decrypts everything that was encrypted for its public key.

    Args:
        seed: 32 secret bytes, the decapsulation key of draft-connolly-cfrg-xwing-kem, section 5.2.

    Raises:
        RecipientUnfit: another length.
    """

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SECRET_SIZE:
            raise RecipientUnfit("A secret key has 32 bytes")

    @classmethod
    def generate(cls) -> Self:
        """Draw a secret key from the operating system's generator."""
        return cls(os.urandom(SECRET_SIZE))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `imageshield-secret-1:…`.

        Raises:
            RecipientUnfit: a public key, another text, or a key that was truncated or mistyped.
        """
        if text.startswith(PUBLIC_PREFIX):
            raise RecipientUnfit("This is a public key, which opens nothing; its secret key belongs here")
        return cls(_decode(text, SECRET_PREFIX, SECRET_SIZE))

    @property
    def text(self) -> str:
        """The text form for the owner: one line of 69 characters."""
        return _encode(self.seed, SECRET_PREFIX)

    @property
    def public(self) -> PublicKey:
        """The matching public key."""
        ml_kem, x25519 = self._keys()
        return PublicKey(ml_kem.public_key().public_bytes_raw() + x25519.public_key().public_bytes_raw())

    def open(self, sealed: bytes, *, info: bytes) -> bytes | None:
        """Decrypt data that was encrypted for the public key under the same `info`, or return None."""
        try:
            return _SUITE.decrypt(sealed, hpke.MLKEM768X25519PrivateKey(*self._keys()), info=info)
        except InvalidTag:
            return None

    def _keys(self) -> tuple[MLKEM768PrivateKey, X25519PrivateKey]:
        expanded = shake_256(self.seed).digest(ML_KEM_SEED_SIZE + 32)
        ml_kem = MLKEM768PrivateKey.from_seed_bytes(expanded[:ML_KEM_SEED_SIZE])
        return ml_kem, X25519PrivateKey.from_private_bytes(expanded[ML_KEM_SEED_SIZE:])


@dataclass(frozen=True, slots=True)
class RecipientWrap:
    """The file key for the holder of one secret key."""

    public: PublicKey

    def wrap(self, file_key: bytes, key_id: UUID) -> Stanza:
        """Return the stanza `recipient`, under a new encapsulation."""
        return {
            "type": "recipient",
            "hint_b64": canonical.b64encode(self.public.hint),
            "body_b64": canonical.b64encode(self.public.seal(file_key, info=_info(key_id))),
        }


@dataclass(frozen=True, slots=True)
class RecipientOpen:
    """Opens the stanzas `recipient` that were made for one secret key."""

    secret: SecretKey
    _hint: bytes = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_hint", self.secret.public.hint)

    def open(self, stanza: Mapping[str, Any], key_id: UUID) -> bytes | None:
        """Return the file key, or None for a stanza of another kind, another recipient or another key file."""
        if stanza["type"] != "recipient" or canonical.b64decode(stanza["hint_b64"]) != self._hint:
            return None
        return self.secret.open(canonical.b64decode(stanza["body_b64"]), info=_info(key_id))


def _info(key_id: UUID) -> bytes:
    return LABELS.recipient + key_id.bytes


def _encode(data: bytes, prefix: str) -> str:
    return prefix + _base64url(data + _check(data))


def _decode(text: str, prefix: str, size: int) -> bytes:
    if not text.startswith(prefix):
        raise RecipientUnfit(f"Such a key begins with {prefix}")
    body = text.removeprefix(prefix)
    if len(body) != len(_base64url(bytes(size + CHECK_SIZE))):
        raise RecipientUnfit("The key is cut off, or something follows it: it is one line")
    try:
        checked = base64.b64decode(body + "=" * (-len(body) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise RecipientUnfit("The key has a character that no key has") from None
    data = checked[:size]
    if _check(data) != checked[size:] or _base64url(checked) != body:
        raise RecipientUnfit("The key is mistyped: its last characters do not fit the others")
    return data


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode("ascii").rstrip("=")


def _check(data: bytes) -> bytes:
    return sha256(data).digest()[:CHECK_SIZE]
