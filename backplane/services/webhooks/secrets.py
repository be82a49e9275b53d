"""Webhook signatures, and webhook secrets and addresses at rest, sealed under the account's key.

The signature is that of Standard Webhooks 1.0.0: HMAC-SHA-256 over `id.timestamp.body`, a `v1,…` for each secret.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from uuid import UUID

from backplane.services.sealing import account_keys
from backplane.vault import LocalVault, VaultKey
from shield_core.keys.schedule import LABELS, framed

PREFIX = "whsec_"
SECRET_SIZE = 32
"""Bytes; the specification asks for 24 to 64."""

SECRET = "secret"  # noqa: S105 - the name of a field
URL = "url"


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_SIZE)).decode()


def sign(keys: Sequence[str], *, message_id: str, timestamp: int, body: bytes) -> str:
    """Return the signatures of a message under each secret, in the form of the header `webhook-signature`."""
    signed = f"{message_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{base64.b64encode(_mac(key, signed)).decode()}" for key in keys)


def _mac(key: str, signed: bytes) -> bytes:
    return hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), signed, hashlib.sha256)


def seal(key: VaultKey, text: str, *, account_id: UUID, owner_id: UUID, field: str) -> bytes:
    """Seal a secret or an address of an endpoint, a job or a batch."""
    return account_keys.seal(key, text.encode(), _context(account_id, owner_id, field))


def unseal(vault: LocalVault, sealed: bytes, *, account_id: UUID, owner_id: UUID, field: str) -> str:
    """Open what `seal` sealed. Raises Gone once the account's key has been destroyed."""
    return account_keys.Opener(vault, account_id).open(sealed, _context(account_id, owner_id, field)).decode()


def _context(account_id: UUID, owner_id: UUID, field: str) -> bytes:
    return LABELS.webhook + framed(account_id.bytes) + framed(owner_id.bytes) + framed(field.encode())
