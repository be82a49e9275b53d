"""The keystream of `multistage`: ChaCha20 with a new seed for every mebibyte."""

import numpy as np
from cryptography.hazmat.primitives.ciphers import CipherContext
from numpy.typing import NDArray

from shield_core.cipher import keystream
from shield_core.keys.schedule import LABELS, hkdf
from shield_core.progress import Advance, nothing

SEGMENT = 1 << 20
SEED_SIZE = 32
KEY_SIZE = 32
_ZERO_NONCE = bytes(12)


def count(payload_bytes: int) -> int:
    """Return how many segments a payload has.

    Args:
        payload_bytes: at least 1.
    """
    return -(-payload_bytes // SEGMENT)


def apply(
    buffer: NDArray[np.uint8], key: bytes, seeds: bytes | bytearray, *, threads: int = 1, progress: Advance = nothing
) -> None:
    """XOR a buffer in place with ChaCha20 under a separate key for every segment of 2^20 bytes.

    Applying it again restores the buffer. The key of segment i is HKDF-SHA-512(stream key ‖ seed i, no salt, the
    segment label ‖ u32 i, 32); the nonce is zeros, the block counter starts at 0.

    Args:
        buffer: uint8, C-contiguous, writable, any shape.
        key: 32 bytes, the stream key.
        seeds: 32 bytes for each segment, one after the other.
        threads: 1 or 2; the result is the same.
        progress: called with the bytes done, in steps of 1 MiB.

    Raises:
        ValueError: the buffer is not contiguous or not writable, the key is not 32 bytes long, or the number of seeds
            is not the number of segments.

    Source: RFC 5869; RFC 8439, section 2.4; docs/reference/format.md, Material.
    """
    if len(key) != KEY_SIZE or len(seeds) != SEED_SIZE * count(buffer.size):
        raise ValueError("the stream key has 32 bytes, and so has the seed of each segment")

    def begin(at: int) -> CipherContext:
        number = at // SEGMENT
        seed = seeds[number * SEED_SIZE : (number + 1) * SEED_SIZE]
        own = hkdf(key + seed, info=LABELS.segment + number.to_bytes(4, "big"))
        return keystream.start(own, _ZERO_NONCE, block=at % SEGMENT // keystream.BLOCK)

    keystream.xor(buffer, begin, measured=None, threads=threads, progress=progress)
