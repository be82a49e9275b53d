"""Hash chains of audit events, one for each account and one for the system: docs/reference/audit-format.md."""

import hashlib
from typing import Final
from uuid import UUID

from shield_core.keys.schedule import LABELS

HASH_SIZE: Final = 32

SYSTEM: Final = UUID(int=0)
"""The chain of events without an account."""


def genesis(chain: UUID) -> bytes:
    """Return `prev` of a chain's first row: 32 bytes that name the chain."""
    return hashlib.sha256(LABELS.audit_genesis + b"\0" + chain.bytes).digest()


def row_hash(seq: int, prev: bytes, payload: bytes) -> bytes:
    """Hash one row.

    Args:
        seq: The row's number in its chain, from 1.
        prev: 32 bytes: the hash of the row before, or `genesis` for the first.
        payload: The row's canonical payload.

    Returns:
        32 bytes: SHA-256(label ‖ 00 ‖ u64 seq ‖ prev ‖ SHA-256(payload)).

    Raises:
        OverflowError: a number that a u64 does not hold.
    """
    digest = hashlib.sha256(payload).digest()
    return hashlib.sha256(LABELS.audit + b"\0" + seq.to_bytes(8, "big") + prev + digest).digest()
