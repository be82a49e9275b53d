"""Person data of an audit event, under an audit key of 32 secret bytes. docs/reference/audit-format.md, "Person data".

Destroying the key makes the fields unreadable and the pseudonyms meaningless, and changes no payload.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.keys import canonical
from shield_core.keys.schedule import LABELS, framed, hkdf

PSEUDONYM_SIZE = 16

# The key is of one event, and an event has its fields once: this nonce is used once under each key.
_NONCE = bytes(12)


def pseudonym(key: bytes, kind: str, value: str) -> bytes:
    """Return the pseudonym of a value: equal for equal values under one key.

    Args:
        key: An audit key, 32 bytes.
        kind: What the value is, such as `address`.
        value: The value, at most 65,535 bytes in UTF-8.

    Returns:
        16 bytes.

    Raises:
        ValueError: the value is too long.
    """
    secret = hkdf(key, info=LABELS.audit_pseudonym)
    text = framed(kind.encode()) + framed(value.encode())
    return hmac.digest(secret, text, hashlib.sha256)[:PSEUDONYM_SIZE]


def seal(key: bytes, event: UUID, fields: Mapping[str, str]) -> bytes:
    """Encrypt the person fields of an event, once.

    Args:
        key: An audit key, 32 bytes.
        event: The event's id; a key and an event are used for one set of fields only.
        fields: Names and values.

    Returns:
        AES-256-GCM (SP 800-38D) of the canonical form: its ciphertext and tag.

    Raises:
        NotCanonical: a name outside `[a-z0-9_]+`.
    """
    return AESGCM(_event_key(key, event)).encrypt(_NONCE, canonical.dumps(fields), None)


def unseal(key: bytes, event: UUID, sealed: bytes) -> dict[str, Any] | None:
    """Decrypt what `seal` made; None under another key, for another event, or if it was changed."""
    try:
        fields: dict[str, Any] = canonical.loads(AESGCM(_event_key(key, event)).decrypt(_NONCE, sealed, None))
    except InvalidTag:
        return None
    return fields


def _event_key(key: bytes, event: UUID) -> bytes:
    return hkdf(key, info=LABELS.audit_field + event.bytes)
