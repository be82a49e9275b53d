"""The permutation of pixels: scatter into buckets, then shuffle each (docs/reference/format.md, "Permutation")."""

from collections.abc import Callable
from typing import Protocol


class Lane(Protocol):
    def read(self, length: int) -> bytes: ...


def bucket_bits(pixels: int) -> int:
    return min(8, max(0, (pixels - 1).bit_length() - 17))


def order(pixels: int, lane: Callable[[int], Lane]) -> list[int]:
    """Return which pixel goes to place 0, 1, …; `lane` returns the keystream lane with a number."""
    return [
        pixel for number, bucket in enumerate(_scatter(pixels, lane)) for pixel in _shuffle(bucket, lane(2 + number))
    ]


def undo(payload: bytes, size: int, places: list[int]) -> bytes:
    """Undo the order: move the pixel at place i to places[i]."""
    restored = bytearray(len(payload))
    for at, place in enumerate(places):
        restored[place * size : (place + 1) * size] = payload[at * size : (at + 1) * size]
    return bytes(restored)


def _scatter(pixels: int, lane: Callable[[int], Lane]) -> list[list[int]]:
    buckets: list[list[int]] = [[] for _ in range(1 << bucket_bits(pixels))]
    if len(buckets) == 1:
        return [list(range(pixels))]
    for pixel, byte in enumerate(lane(1).read(pixels)):
        buckets[byte & (len(buckets) - 1)].append(pixel)
    return buckets


def _shuffle(bucket: list[int], lane: Lane) -> list[int]:
    for last in range(len(bucket) - 1, 0, -1):
        chosen = _below(last + 1, lane)
        bucket[last], bucket[chosen] = bucket[chosen], bucket[last]
    return bucket


def _below(bound: int, lane: Lane) -> int:
    """Return a number below `bound`, without bias (Lemire)."""
    while True:
        product = int.from_bytes(lane.read(4), "little") * bound
        if product % 2**32 >= (2**32 - bound) % bound:
            return product // 2**32
