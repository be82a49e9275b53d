"""The encrypted metadata of a header: AES-256-GCM over canonical JSON, under a single-use key."""

from collections.abc import Mapping
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.errors import PayloadInvalid
from shield_core.image.limits import MAX_METADATA
from shield_core.keys import canonical

VERSION: Final = 1
TAG_SIZE: Final = 16
_ZERO_NONCE: Final = bytes(12)
_KEYS: Final = frozenset(
    {"version", "job_id", "purity", "statement_sha256", "payload_sha256", "original_sha256", "source"}
)


class MetadataTooLong(ValueError):
    """The metadata is longer than 4 MiB: the layout must be `file`, which needs no metadata about the file."""


def encrypt(value: Mapping[str, Any], key: bytes) -> bytes:
    """Encrypt a metadata object.

    Args:
        value: an object that canonical JSON can hold, with the keys of docs/reference/format.md, "Metadata".
        key: 32 bytes, the metadata key of one attempt: the nonce is zero.

    Returns:
        Ciphertext and 16-byte tag.

    Raises:
        MetadataTooLong: more than 4 MiB.
        NotCanonical: a value that canonical JSON cannot hold.

    Source: docs/reference/format.md, Encryption, step 3; NIST SP 800-38D.
    """
    plain = canonical.dumps(value)
    if len(plain) + TAG_SIZE > MAX_METADATA:
        raise MetadataTooLong("The metadata has more than 4 MiB")
    return AESGCM(key).encrypt(_ZERO_NONCE, plain, None)


def decrypt(data: bytes, key: bytes, *, purity: str, statement_sha256: str) -> dict[str, Any]:
    """Decrypt and read a metadata object, after the image's tag was verified.

    Args:
        data: ciphertext and 16-byte tag.
        key: 32 bytes, the metadata key.
        purity: the header's.
        statement_sha256: the key file's, 64 hexadecimal digits.

    Returns:
        The object. `shield_core.image.restore` checks the values of `payload_sha256`, `original_sha256` and `source`.

    Raises:
        PayloadInvalid: it does not decrypt, is not a canonical object with the right keys, or contradicts header or key
            file.
    """
    try:
        value = canonical.loads(AESGCM(key).decrypt(_ZERO_NONCE, data, None))
    except (InvalidTag, canonical.NotCanonical) as error:
        raise PayloadInvalid("The metadata is not what a writer writes") from error
    if not isinstance(value, dict) or value.keys() != _KEYS or not isinstance(value["job_id"], str):
        raise PayloadInvalid("The metadata has a missing, additional or ill-typed key")
    expected: tuple[object, ...] = (VERSION, purity, statement_sha256)
    if value["version"] is True or (value["version"], value["purity"], value["statement_sha256"]) != expected:
        raise PayloadInvalid("The metadata contradicts header or key file")
    return value
