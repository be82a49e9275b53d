"""ChaCha20 (RFC 8439) over a numpy buffer, in place.

A fresh 75-MB `bytes` costs more than the cipher that fills it, so every function here writes into memory that is there.
"""

from collections.abc import Iterator

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from numpy.typing import NDArray

from shield_core.cipher import crew
from shield_core.progress import Advance, nothing

BLOCK = 64
STEP = 1 << 20  # one report of progress; 64 KiB to 1 MiB run at the same speed
_ZERO_NONCE = bytes(12)
_ZEROS = np.zeros(STEP, np.uint8)


def apply(buffer: NDArray[np.uint8], key: bytes, *, threads: int = 1, progress: Advance = nothing) -> None:
    """XOR a buffer in place with ChaCha20 under a key that is used once: nonce of zeros, block counter from 0.

    Applying it again restores the buffer.

    Args:
        buffer: uint8, C-contiguous, writable, any shape.
        key: 32 bytes, for this buffer alone.
        threads: 1 or 2; the result is the same.
        progress: told the bytes done, in steps of 1 MiB.

    Raises:
        ValueError: the buffer is not contiguous or not writable, or the key is not 32 bytes long.

    Source: RFC 8439, sections 2.3 and 2.4; docs/format.md, Encryption, step 1.
    """
    if not (buffer.flags.c_contiguous and buffer.flags.writeable):
        raise ValueError("the buffer must be contiguous and writable")
    _xor(buffer.reshape(-1), key, _ZERO_NONCE, first_block=0, threads=threads, progress=progress)


def _xor(  # the private hook of the vectors: no public function takes a nonce
    flat: NDArray[np.uint8], key: bytes, nonce: bytes, *, first_block: int, threads: int, progress: Advance
) -> None:
    def step(at: int) -> Iterator[int]:
        piece = flat[at : at + STEP]
        _start(key, nonce, block=first_block + at // BLOCK).update_into(piece.data, piece.data)
        yield piece.size

    crew.run(range(0, flat.size, STEP), lambda: step, threads=threads, progress=progress)


class Lane:
    """One numbered keystream of a key: ChaCha20 under the nonce u32 lane ‖ 8 zero bytes.

    Source: docs/format.md, Permutation.
    """

    def __init__(self, key: bytes, lane: int, *, block: int = 0) -> None:
        """Begin the lane.

        Args:
            key: 32 bytes.
            lane: 0 to 2^32 - 1.
            block: the block of 64 bytes to begin with.

        Raises:
            ValueError: the key is not 32 bytes long.
        """
        self._stream = _start(key, lane.to_bytes(4, "big") + bytes(8), block=block)

    def fill(self, target: NDArray[np.uint8]) -> None:
        """Write the next bytes of the lane.

        Args:
            target: uint8 (n,), contiguous, n at most 1 MiB.

        Raises:
            ValueError: the target is longer than 1 MiB.
        """
        if target.size > STEP:
            raise ValueError("a lane is read in steps of at most 1 MiB")
        self._stream.update_into(_ZEROS[: target.size].data, target.data)


def _start(key: bytes, nonce: bytes, *, block: int) -> CipherContext:
    # `cryptography` takes the block counter and the nonce as one value, the counter little-endian.
    return Cipher(ChaCha20(key, block.to_bytes(4, "little") + nonce), mode=None).encryptor()
