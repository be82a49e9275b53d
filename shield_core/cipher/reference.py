"""The reference implementation of the cipher, slow and simple: every fast implementation must give the same results.

It follows docs/reference/format.md, Encryption, Permutation and Material, sentence by sentence, in Python integers, and
shares no code with the compiled kernels except the ChaCha20 of `cryptography`.
"""

import hashlib
import hmac
from collections.abc import Iterator, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from shield_core.keys.schedule import LABELS


class WrongLane(ValueError):
    """A lane of measured bytes is too short or too long."""


def stream(payload: bytes, key: bytes, *, seeds: Sequence[bytes] = (), lanes: Sequence[bytes] = ()) -> bytes:
    """XOR a payload with the keystream of the picture.

    Args:
        payload: any length.
        key: 32 bytes, the stream key.
        seeds: for `multistage`, 32 bytes for each 2^20 bytes of payload.
        lanes: for `maximum`, every measured lane; the first is this one.

    Raises:
        WrongLane: the first lane is not as long as the payload.

    Source: docs/reference/format.md, Encryption, step 1, and Material.
    """
    measured = lanes[0] if lanes else bytes(len(payload))
    if len(measured) != len(payload):
        raise WrongLane("lane 0 is as long as the payload")
    keys = [_segment_key(key, seed, number) for number, seed in enumerate(seeds)] or [key]
    size = 2**20 if seeds else max(1, len(payload))
    chacha20 = b"".join(
        Cipher(ChaCha20(one, bytes(16)), mode=None).encryptor().update(bytes(len(payload[i * size : (i + 1) * size])))
        for i, one in enumerate(keys)
    )
    return bytes(a ^ b ^ c for a, b, c in zip(payload, chacha20, measured, strict=True))


def order(n: int, key: bytes, *, lanes: Sequence[bytes] = ()) -> list[int]:
    """Return the source of every pixel.

    Args:
        n: the number of pixels, 0 or more.
        key: 32 bytes, the permutation key.
        lanes: for `maximum`, every measured lane; the first is ignored.

    Returns:
        A list of n indices; pixel t of the permuted picture is pixel `order[t]` of the picture.

    Raises:
        WrongLane: too many or too few lanes, or one that is not consumed exactly.

    Source: docs/reference/format.md, Permutation and Material; Rao 1961, Sandelius 1962; Fisher and Yates 1938;
    Lemire 2019, doi:10.1145/3230636.
    """
    bits = min(8, max(0, (n - 1).bit_length() - 17)) if n else 0
    buckets: list[list[int]] = [[] for _ in range(1 << bits)]
    if lanes and len(lanes) != 2 + len(buckets):
        raise WrongLane("there are two lanes, and one for each bucket")
    streams = [_lane(key, number, lanes[number] if lanes else None) for number in range(2 + len(buckets))]
    for pixel in range(n):
        buckets[_next(streams[1]) & ((1 << bits) - 1) if bits else 0].append(pixel)
    for b, bucket in enumerate(buckets):
        _shuffle(bucket, streams[2 + b])
    if lanes and any(next(lane, None) is not None for lane in streams[1:]):
        raise WrongLane("something of a lane is left")
    return [pixel for bucket in buckets for pixel in bucket]


def _shuffle(bucket: list[int], lane: Iterator[int]) -> None:
    for i in range(len(bucket) - 1, 0, -1):
        s = i + 1
        while True:
            product = _word(lane) * s
            if product % 2**32 >= (2**32 - s) % s:
                break
        j = product >> 32
        bucket[i], bucket[j] = bucket[j], bucket[i]


def _lane(key: bytes, number: int, measured: bytes | None) -> Iterator[int]:
    counter = bytes(4)
    stream = Cipher(ChaCha20(key, counter + number.to_bytes(4, "big") + bytes(8)), mode=None).encryptor()
    if measured is not None:
        yield from stream.update(measured)
        return
    while True:
        yield from stream.update(bytes(4096))


def _word(lane: Iterator[int]) -> int:
    return int.from_bytes(bytes(_next(lane) for _ in range(4)), "little")


def _next(lane: Iterator[int]) -> int:
    byte = next(lane, None)
    if byte is None:
        raise WrongLane("a lane is too short")
    return byte


def _segment_key(key: bytes, seed: bytes, number: int) -> bytes:
    """HKDF-SHA-512 (RFC 5869) with a salt of 64 zero bytes, one block of output."""
    prk = hmac.digest(bytes(64), key + seed, hashlib.sha512)
    info = LABELS.segment + number.to_bytes(4, "big")
    return hmac.digest(prk, info + b"\x01", hashlib.sha512)[:32]
