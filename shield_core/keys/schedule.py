"""The table of derivation labels, and the keys derived under them: docs/reference/format.md, "Keys"."""

from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

FILE_KEY_SIZE: Final = 32
NONCE_SIZE: Final = 24


@dataclass(frozen=True, slots=True)
class Labels:
    """The derivation labels, which separate the uses of a key from each other: no two are equal."""

    file_key: bytes = b"imageshield/v1/file-key"
    stream: bytes = b"imageshield/v1/stream"
    permutation: bytes = b"imageshield/v1/permutation"
    metadata: bytes = b"imageshield/v1/metadata"
    mac: bytes = b"imageshield/v1/mac"
    material: bytes = b"imageshield/v1/material"
    key_file: bytes = b"imageshield/v1/key-file"
    commitment: bytes = b"imageshield/v1/commitment"
    segment: bytes = b"imageshield/v1/segment"

    passphrase: bytes = b"imageshield/v1/passphrase"
    recipient: bytes = b"imageshield/v1/recipient"
    vault: bytes = b"imageshield/v1/vault"
    tombstone: bytes = b"imageshield/v1/tombstone"
    kek: bytes = b"imageshield/v1/kek"
    transit: bytes = b"imageshield/v1/transit"
    job_secret: bytes = b"imageshield/v1/job-secret"
    blob: bytes = b"imageshield/v1/blob"
    item_name: bytes = b"imageshield/v1/item-name"
    webhook: bytes = b"imageshield/v1/webhook"
    mail: bytes = b"imageshield/v1/mail"
    mail_choice: bytes = b"imageshield/v1/mail-choice"
    one_time_token: bytes = b"imageshield/v1/one-time-token"
    proof_of_work: bytes = b"imageshield/v1/proof-of-work"
    job_note: bytes = b"imageshield/v1/job-note"
    job_note_search: bytes = b"imageshield/v1/job-note-search"
    second_factor: bytes = b"imageshield/v1/second-factor"

    entropy: bytes = b"imageshield/v1/entropy"
    seed: bytes = b"imageshield/v1/seed"
    segment_seed: bytes = b"imageshield/v1/segment-seed"
    client_seed: bytes = b"imageshield/v1/client-seed"
    entropy_service: bytes = b"imageshield/v1/entropy-service"

    receipt: bytes = b"imageshield/v1/receipt"
    receipt_key: bytes = b"imageshield/v1/receipt-key"
    response_key: bytes = b"imageshield/v1/response-key"
    signing_key: bytes = b"imageshield/v1/signing-key"
    api_key: bytes = b"imageshield/v1/api-key"
    api_key_pepper: bytes = b"imageshield/v1/api-key-pepper"
    audit: bytes = b"imageshield/v1/audit"
    audit_genesis: bytes = b"imageshield/v1/audit-genesis"
    audit_checkpoint: bytes = b"imageshield/v1/audit-checkpoint"
    audit_checkpoint_key: bytes = b"imageshield/v1/audit-checkpoint-key"
    audit_key: bytes = b"imageshield/v1/audit-key"
    audit_person_key: bytes = b"imageshield/v1/audit-person-key"
    audit_pseudonym: bytes = b"imageshield/v1/audit-pseudonym"
    audit_field: bytes = b"imageshield/v1/audit-field"
    idempotency: bytes = b"imageshield/v1/idempotency"
    fingerprint: bytes = b"imageshield/v1/fingerprint"
    answer: bytes = b"imageshield/v1/answer"


LABELS: Final = Labels()
"""The only table of labels. A test checks that no label is written anywhere else in the product."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """The keys of one encryption attempt of one image, 32 bytes each. Only the commitment is public."""

    stream: bytes = field(repr=False)
    permutation: bytes = field(repr=False)
    metadata: bytes = field(repr=False)
    mac: bytes = field(repr=False)
    material: bytes = field(repr=False)
    key_file: bytes = field(repr=False)
    commitment: bytes


def derive(file_key: bytes, nonce: bytes) -> Schedule:
    """Derive every key of an image from its file key.

    Args:
        file_key: 32 secret bytes, used for one attempt of one image.
        nonce: 24 bytes from the operating system, new for every attempt; public.

    Returns:
        Keys of 32 bytes each: HKDF-Expand-SHA-512 (RFC 5869) of one pseudorandom key under seven labels.

    Raises:
        ValueError: a length other than 32 and 24 bytes.
    """
    if len(file_key) != FILE_KEY_SIZE or len(nonce) != NONCE_SIZE:
        raise ValueError("the file key has 32 bytes and the nonce 24")
    prk = extract(file_key, salt=nonce)
    return Schedule(
        stream=expand(prk, info=LABELS.stream),
        permutation=expand(prk, info=LABELS.permutation),
        metadata=expand(prk, info=LABELS.metadata),
        mac=expand(prk, info=LABELS.mac),
        material=expand(prk, info=LABELS.material),
        key_file=expand(prk, info=LABELS.key_file),
        commitment=expand(prk, info=LABELS.commitment),
    )


def file_key_from_seed(seed: bytes) -> bytes:
    """Derive the file key from a conditioned seed.

    Args:
        seed: 32 or 128 bytes of docs/explanation/entropy.md, "Construction".

    Returns:
        32 bytes.
    """
    return hkdf(seed, info=LABELS.file_key)


def hkdf(ikm: bytes | bytearray, *, info: bytes, salt: bytes | None = None, length: int = 32) -> bytes:
    """HKDF-SHA-512 (RFC 5869, section 2): extract, then expand.

    Args:
        ikm: Input keying material, any length.
        info: The label, and the data bound to the output.
        salt: None means the 64 zero bytes of RFC 5869, section 2.2.
        length: Bytes of output, 1..16320.

    Returns:
        `length` bytes.

    Raises:
        ValueError: a length out of range.
    """
    return HKDF(hashes.SHA512(), length=length, salt=salt, info=info).derive(ikm)


def extract(ikm: bytes | bytearray, *, salt: bytes | None) -> bytes:
    """HKDF-Extract-SHA-512 (RFC 5869, section 2.2): 64 bytes of pseudorandom key."""
    return HKDF.extract(hashes.SHA512(), salt, ikm)


def expand(prk: bytes, *, info: bytes, length: int = 32) -> bytes:
    """HKDF-Expand-SHA-512 (RFC 5869, section 2.3): `length` bytes under a label."""
    return HKDFExpand(hashes.SHA512(), length=length, info=info).derive(prk)


def framed(value: bytes) -> bytes:
    """Write u16 length ‖ value, so that the border between two values is unambiguous.

    Raises:
        ValueError: more than 65,535 bytes.
    """
    if len(value) > 0xFFFF:  # noqa: PLR2004 - what a u16 holds
        raise ValueError("at most 65,535 bytes can be framed")
    return len(value).to_bytes(2, "big") + value
