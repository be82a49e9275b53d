"""The recipient stanza: HPKE base mode over X-Wing (docs/reference/format.md, "Stanzas"; RFC 9180; X-Wing draft)."""

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from . import mlkem
from .canonical import from_b64
from .ciphers import open_gcm
from .failures import demand
from .numbers import u16
from .schedule import expand, extract

_TEXT = "imageshield-secret-1:"
_INFO = b"imageshield/v1/recipient"
_SUITE = b"HPKE" + u16(0x647A) + u16(0x0001) + u16(0x0002)
_X_WING = bytes.fromhex("5c2e2f2f5e5c")  # the draft's label, a wing in ASCII


class SecretKey:
    """An X-Wing decapsulation key."""

    def __init__(self, secret: bytes) -> None:
        expanded = hashlib.shake_256(secret).digest(96)
        self._mlkem = mlkem.DecapsulationKey(expanded[:32], expanded[32:64])
        self._x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self._x25519_public = self._x25519.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = self._mlkem.public + self._x25519_public

    def decapsulate(self, encapsulation: bytes) -> bytes:
        kem, point = encapsulation[:1088], encapsulation[1088:]
        shared = self._mlkem.decapsulate(kem), self._x25519.exchange(X25519PublicKey.from_public_bytes(point))
        return hashlib.sha3_256(shared[0] + shared[1] + point + self._x25519_public + _X_WING).digest()


def open_stanza(stanza: dict[str, Any], key_id: bytes, identity: str) -> bytes:
    """Return the file key; raise ValueError if the stanza is not for this identity."""
    secret_key = SecretKey(from_text(identity))
    hint = hashlib.sha256(secret_key.public).digest()[:8]
    demand(from_b64(stanza["hint_b64"]) == hint, "for another recipient")
    body = from_b64(stanza["body_b64"])
    return _open_hpke(secret_key.decapsulate(body[:1120]), _INFO + key_id, body[1120:])


def from_text(identity: str) -> bytes:
    demand(identity.startswith(_TEXT) and len(identity) == 69, "no secret key")
    text = identity.removeprefix(_TEXT)
    data = base64.urlsafe_b64decode(text)
    demand(base64.urlsafe_b64encode(data).decode() == text, "not canonical Base64")
    demand(hashlib.sha256(data[:32]).digest()[:4] == data[32:], "a mistyped secret key")
    return data[:32]


def _open_hpke(shared: bytes, info: bytes, sealed: bytes) -> bytes:
    """RFC 9180, section 5.1, mode 0, and one message with sequence number 0."""
    context = b"\0" + _extract(b"", b"psk_id_hash", b"") + _extract(b"", b"info_hash", info)
    secret = _extract(shared, b"secret", b"")
    key, nonce = _expand(secret, b"key", context, 32), _expand(secret, b"base_nonce", context, 12)
    return open_gcm(key, nonce, b"", sealed)


def _extract(salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return extract(salt or bytes(32), b"HPKE-v1" + _SUITE + label + ikm, "sha256")


def _expand(prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    return expand(prk, u16(length) + b"HPKE-v1" + _SUITE + label + info, length, "sha256")
