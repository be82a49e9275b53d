"""HKDF, and the keys that are derived from a file key and a nonce (docs/reference/format.md, "Keys")."""

import hashlib
import hmac
from dataclasses import dataclass

_PREFIX = b"imageshield/v1/"


@dataclass(frozen=True)
class Keys:
    stream: bytes
    permutation: bytes
    metadata: bytes
    mac: bytes
    material: bytes
    key_file: bytes
    commitment: bytes


def derive(file_key: bytes, nonce: bytes) -> Keys:
    prk = extract(nonce, file_key)
    labels = (b"stream", b"permutation", b"metadata", b"mac", b"material", b"key-file", b"commitment")
    return Keys(*(expand(prk, _PREFIX + label, 32) for label in labels))


def segment_key(stream_key: bytes, seed: bytes, index: int) -> bytes:
    prk = extract(bytes(64), stream_key + seed)
    return expand(prk, _PREFIX + b"segment" + index.to_bytes(4, "big"), 32)


def extract(salt: bytes, ikm: bytes, digest: str = "sha512") -> bytes:
    return hmac.digest(salt, ikm, digest)


def expand(prk: bytes, info: bytes, length: int, digest: str = "sha512") -> bytes:
    """RFC 5869, section 2.3."""
    output = block = b""
    for counter in range(1, -(-length // hashlib.new(digest).digest_size) + 1):
        block = hmac.digest(prk, block + info + bytes([counter]), digest)
        output += block
    return output[:length]


def mac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, "sha256")


def same(left: bytes, right: bytes) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(left, right)
