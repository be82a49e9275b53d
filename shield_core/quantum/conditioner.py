"""Conditioning: combine raw bits with the operating system's. docs/explanation/entropy.md, "Construction"."""

import hashlib
import os
from typing import Final

from shield_core.keys.schedule import LABELS, framed, hkdf

OS_BYTES: Final = 64
_SALT: Final = hashlib.sha512(LABELS.entropy).digest()


def condition(
    raw: bytes | bytearray, *, source_id: str, job_id: str, label: bytes = LABELS.seed, length: int = 32
) -> bytes:
    """Derive a seed from raw bits and 64 fresh bytes of the operating system.

    If the operating system's part is secret, the seed is pseudorandom for any `raw`, even if `raw` is empty or known.
    If `raw` has enough min-entropy, the seed is good even if the operating system's part is not.

    Args:
        raw: Raw bits that passed the health tests, or none.
        source_id: The name of their source.
        job_id: The name of the attempt.
        label: One of `LABELS`: the purpose of the seed.
        length: Bytes of seed: 32, or 128 for a master seed.

    Returns:
        HKDF-SHA-512 (RFC 5869) of u64(64) ‖ os.urandom(64) ‖ u64(length of raw) ‖ raw, under f(label) ‖ f(source) ‖
        f(job).
    """
    return _condition(os.urandom(OS_BYTES), raw, info=_info(label, source_id, job_id), length=length)


def _info(label: bytes, source_id: str, job_id: str) -> bytes:
    return framed(label) + framed(source_id.encode()) + framed(job_id.encode())


def _condition(system: bytes, raw: bytes | bytearray, *, info: bytes, length: int) -> bytes:
    """Condition with a given operating system's part, for test vectors."""
    ikm = bytearray().join((_u64(len(system)), system, _u64(len(raw)), raw))
    try:
        return hkdf(ikm, salt=_SALT, info=info, length=length)
    finally:
        ikm[:] = bytes(len(ikm))


def _u64(number: int) -> bytes:
    return number.to_bytes(8, "big")
