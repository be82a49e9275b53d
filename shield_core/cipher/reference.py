"""The permutation, slow and plain: the oracle that every fast implementation must equal.

It follows docs/format.md, Permutation, sentence by sentence, in Python integers and lists, and shares no code with the
compiled kernels but the ChaCha20 of `cryptography`.
"""

from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20


def order(n: int, key: bytes) -> list[int]:
    """Return where every pixel comes from.

    Args:
        n: the number of pixels, 0 or more.
        key: 32 bytes, the permutation key.

    Returns:
        A list of n indices; pixel t of the permuted picture is pixel `order[t]` of the picture.

    Source: docs/format.md, Permutation; Rao 1961 and Sandelius 1962; Fisher and Yates 1938; Lemire 2019,
    doi:10.1145/3230636.
    """
    bits = min(8, max(0, (n - 1).bit_length() - 17)) if n else 0
    buckets: list[list[int]] = [[] for _ in range(1 << bits)]
    choices = _lane(key, 1) if bits else None
    for pixel in range(n):
        buckets[next(choices) & ((1 << bits) - 1) if choices else 0].append(pixel)
    for b, bucket in enumerate(buckets):
        _shuffle(bucket, _words(_lane(key, 2 + b)))
    return [pixel for bucket in buckets for pixel in bucket]


def _shuffle(bucket: list[int], words: Iterator[int]) -> None:
    for i in range(len(bucket) - 1, 0, -1):
        s = i + 1
        while True:
            product = next(words) * s
            if product % 2**32 >= (2**32 - s) % s:
                break
        j = product >> 32
        bucket[i], bucket[j] = bucket[j], bucket[i]


def _lane(key: bytes, lane: int) -> Iterator[int]:
    counter = bytes(4)
    stream = Cipher(ChaCha20(key, counter + lane.to_bytes(4, "big") + bytes(8)), mode=None).encryptor()
    while True:
        yield from stream.update(bytes(4096))


def _words(stream: Iterator[int]) -> Iterator[int]:
    while True:
        yield int.from_bytes(bytes(next(stream) for _ in range(4)), "little")
