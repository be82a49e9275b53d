"""ChaCha20 (RFC 8439) over a numpy buffer in place, optionally XORed with measured bytes.

A fresh 75-MB `bytes` costs more than the cipher that fills it, so every function here writes into existing memory.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from numpy.typing import NDArray

from shield_core.cipher.threads import run_tasks
from shield_core.progress import Advance, nothing

BLOCK = 64
STEP = 1 << 20  # bytes per report of progress; 64 KiB to 1 MiB run at the same speed
PICTURE = 0
"""The lane of the picture's own keystream; the lanes of the permutation follow it."""

_ZERO_NONCE = bytes(12)
_ZEROS = np.zeros(STEP, np.uint8)


class Measured(Protocol):
    """Measured bytes for every keystream of one picture, XORed with ChaCha20: the purity `maximum`.

    Lane 0 is the picture's, 1 the bucket bytes', 2 + b that of the words of bucket b.
    """

    def expect(self, bounds: Sequence[tuple[int, int]]) -> None:
        """Receive the first place of every bucket and the place after its last, before the first word is read."""
        ...

    def xor(self, lane: int, at: int, target: NDArray[np.uint8]) -> None:
        """XOR bytes in place with those of a lane from `at` on; repeated calls use the same bytes."""
        ...


def apply(
    buffer: NDArray[np.uint8],
    key: bytes,
    *,
    measured: Measured | None = None,
    threads: int = 1,
    progress: Advance = nothing,
) -> None:
    """XOR a buffer in place with ChaCha20 under a single-use key: nonce of zeros, block counter from 0.

    Applying it again restores the buffer.

    Args:
        buffer: uint8, C-contiguous, writable, any shape.
        key: 32 bytes, for this buffer alone.
        measured: also XORed.
        threads: 1 or 2; the result is the same.
        progress: called with the bytes done, in steps of 1 MiB.

    Raises:
        ValueError: the buffer is not contiguous or not writable, or the key is not 32 bytes long.

    Source: RFC 8439, sections 2.3 and 2.4; docs/reference/format.md, Encryption, step 1.
    """

    def begin(at: int) -> CipherContext:
        return start(key, _ZERO_NONCE, block=at // BLOCK)

    xor(buffer, begin, measured=measured, threads=threads, progress=progress)


def xor(
    buffer: NDArray[np.uint8],
    begin: Callable[[int], CipherContext],
    *,
    measured: Measured | None,
    threads: int,
    progress: Advance,
) -> None:
    """XOR a buffer in place with a keystream for each step of 1 MiB; for the modules of this package.

    Args:
        buffer: uint8, C-contiguous, writable, any shape.
        begin: returns the keystream of the 1 MiB at an offset.
        measured: also XORed.
        threads: 1 or 2.
        progress: called with the bytes done, in steps of 1 MiB.

    Raises:
        ValueError: the buffer is not contiguous or not writable.
    """
    if not (buffer.flags.c_contiguous and buffer.flags.writeable):
        raise ValueError("the buffer must be contiguous and writable")
    flat = buffer.reshape(-1)

    def step(at: int) -> Iterator[int]:
        piece = flat[at : at + STEP]
        begin(at).update_into(piece.data, piece.data)
        if measured is not None:
            measured.xor(PICTURE, at, piece)
        yield piece.size

    run_tasks(range(0, flat.size, STEP), lambda: step, threads=threads, progress=progress)


@dataclass(frozen=True, slots=True)
class Lanes:
    """The keystreams of the permutation, by number.

    `key` is the permutation key, 32 bytes; `measured` is XORed with every one of them.
    """

    key: bytes = field(repr=False)
    measured: Measured | None = field(default=None, repr=False)

    def open(self, number: int, *, block: int = 0) -> "Lane":
        """Begin a lane.

        Args:
            number: 1 to 2^32 - 1.
            block: the block of 64 bytes to begin with.
        """
        return Lane(self.key, number, block=block, measured=self.measured)


class Lane:
    """One numbered keystream of a key: ChaCha20 under the nonce u32 lane ‖ 8 zero bytes.

    Source: docs/reference/format.md, Permutation.
    """

    def __init__(self, key: bytes, lane: int, *, block: int = 0, measured: Measured | None = None) -> None:
        """Begin the lane.

        Args:
            key: 32 bytes.
            lane: 0 to 2^32 - 1.
            block: the block of 64 bytes to begin with.
            measured: also XORed.

        Raises:
            ValueError: the key is not 32 bytes long.
        """
        self._stream = start(key, lane.to_bytes(4, "big") + bytes(8), block=block)
        self._lane = lane
        self._at = block * BLOCK
        self._measured = measured

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
        if self._measured is not None:
            self._measured.xor(self._lane, self._at, target)
            self._at += target.size


def start(key: bytes, nonce: bytes, *, block: int) -> CipherContext:
    """Begin ChaCha20; for the modules of this package, because no public function takes a nonce.

    Args:
        key: 32 bytes.
        nonce: 12 bytes.
        block: the block of 64 bytes to begin with.

    Raises:
        ValueError: the key is not 32 bytes long.
    """
    # `cryptography` takes the block counter and the nonce as one value, the counter little-endian.
    return Cipher(ChaCha20(key, block.to_bytes(4, "little") + nonce), mode=None).encryptor()
