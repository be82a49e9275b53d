"""Randomness extractors, which make few uniform bits of many biased ones, before the bits are conditioned.

A qubit that is read as 1 in 52 of 100 cases is healthy but biased. Both extractors here take an assumed min-entropy of
a raw bit, and require enough raw bits to make their output uniform.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import SourceFailed
from shield_core.quantum.health import BLOCK

DIGEST_BITS: Final = 512
TOEPLITZ_BITS: Final = 1 << 16
"""Output bits of one Toeplitz matrix, and the least number of bits that it is used for: for fewer, its transforms take
longer than SHA-512, and it saves few raw bits."""

SLACK_BITS: Final = 128
"""Min-entropy in excess of the output: by the leftover hash lemma the output is then within 2^-64 of uniform."""


@dataclass(frozen=True, slots=True)
class Extraction:
    """A plan to make `n_bits` uniform bits of `raw_bits` biased ones."""

    method: str
    n_bits: int
    raw_bits: int
    min_entropy: Fraction

    def apply(self, raw: bytes | bytearray) -> bytearray:
        """Extract.

        Args:
            raw: `raw_bits` bits, packed, first bit highest.

        Returns:
            `n_bits` bits, packed in the same way.

        Raises:
            SourceFailed: this machine's floating point is not reliable (see `toeplitz`).
            ValueError: the number of raw bits is wrong.
        """
        if len(raw) * 8 != self.raw_bits:
            raise ValueError(f"this extraction takes {self.raw_bits} raw bits")
        size, step = self.n_bits // 8, self._output_bytes
        share = self.raw_bits // -(-size // step) // 8
        out = bytearray()
        for place, at in enumerate(range(0, size, step)):
            chunk = raw[place * share : (place + 1) * share]
            out += self._extract(chunk, 8 * min(step, size - at))
        return out

    def to_json(self) -> dict[str, Any]:
        """Return its entry in a statement."""
        assumed = [self.min_entropy.numerator, self.min_entropy.denominator]
        return {"method": self.method, "raw_bits": self.raw_bits, "bits": self.n_bits, "assumed_min_entropy": assumed}

    @property
    def _output_bytes(self) -> int:
        return (DIGEST_BITS if self.method == "sha-512" else TOEPLITZ_BITS) // 8

    @property
    def _extract(self) -> Callable[[bytes | bytearray, int], bytes]:
        return sha512 if self.method == "sha-512" else toeplitz


def plan(n_bits: int, min_entropy: Fraction) -> Extraction:
    """Choose an extractor, and compute the number of raw bits that it needs.

    Args:
        n_bits: The number of uniform bits, a multiple of 4096.
        min_entropy: The assumed min-entropy of a raw bit, over 0 and at most 1.

    Returns:
        SHA-512 with twice the output's entropy as input, more than the n + 64 bits that SP 800-90C requires to count
        the output of a vetted hash as full entropy; from 65,536 bits on Toeplitz, which needs about half as many bits.
        The number of raw bits is a multiple of 4096.

    Raises:
        ValueError: the number of bits or the min-entropy is out of range.
    """
    if n_bits < BLOCK or n_bits % BLOCK or not 0 < min_entropy <= 1:
        raise ValueError("bits are extracted in blocks of 4096, from more than 0 and at most 1 bit of entropy a bit")
    if n_bits < TOEPLITZ_BITS:
        outputs, needed, method = n_bits // DIGEST_BITS, Fraction(2 * DIGEST_BITS), "sha-512"
    else:
        outputs, needed, method = ceil(n_bits / TOEPLITZ_BITS), Fraction(TOEPLITZ_BITS + SLACK_BITS), "toeplitz"
    # Every output has its own share of whole bytes; all shares together are whole blocks, for the health tests.
    blocks = ceil(outputs * 8 * ceil(needed / min_entropy / 8) / BLOCK)
    while blocks * BLOCK % (8 * outputs):
        blocks += 1
    return Extraction(method=method, n_bits=n_bits, raw_bits=blocks * BLOCK, min_entropy=min_entropy)


def sha512(raw: bytes | bytearray, n_bits: int = DIGEST_BITS) -> bytes:
    """Return the first `n_bits` of SHA-512 (FIPS 180-4) of raw bits, a vetted component of SP 800-90B, section 3.1.5.

    Args:
        raw: Packed bits.
        n_bits: At most 512, a multiple of 8.
    """
    return hashlib.sha512(raw).digest()[: n_bits // 8]


def toeplitz(raw: bytes | bytearray, n_bits: int) -> bytes:
    """Multiply raw bits by a random Toeplitz matrix over GF(2).

    Toeplitz matrices are a universal family of hashes (Krawczyk, "LFSR-based hashing and authentication", CRYPTO 1994),
    so the output is within 2^-64 of uniform if the raw bits have 128 bits more min-entropy than the output has bits
    (Impagliazzo, Levin and Luby, "Pseudo-random generation from one-way functions", STOC 1989: the leftover hash
    lemma). The matrix is drawn from the operating system for each call: it must be independent of the raw bits, but
    need not be secret.

    Args:
        raw: n packed bits, first bit highest.
        n_bits: Bits of output, a multiple of 8.

    Returns:
        `n_bits` packed bits.

    Raises:
        SourceFailed: this machine's floating point error exceeds 1/4, which is a fault of the machine.
    """
    diagonals = os.urandom(-(-(len(raw) * 8 + n_bits - 1) // 8))
    return multiply(diagonals, raw, n_bits)


def multiply(diagonals: bytes | bytearray, raw: bytes | bytearray, n_bits: int) -> bytes:
    """Multiply n raw bits by a given m x n Toeplitz matrix T over GF(2), exactly.

    Args:
        diagonals: At least n + m - 1 packed bits d; T[i, j] = d[i - j + n - 1].
        raw: n packed bits.
        n_bits: m, a multiple of 8.

    Returns:
        m packed bits: the parities of the sums over j of T[i, j] and raw[j].

    Raises:
        SourceFailed: a sum is further than 1/4 from an integer. Sums are of zeros and ones and at most n < 2^53; the
            transform's error for them is of the order of 1e-10. A number with doubtful rounding is never used.
    """
    bits = np.unpackbits(np.frombuffer(raw, np.uint8))
    steps = np.unpackbits(np.frombuffer(diagonals, np.uint8))[: bits.size + n_bits - 1]
    # Cyclic: wrapped values fall on the first n - 1 places, which are not used.
    length = 1 << (steps.size - 1).bit_length()
    spectrum: NDArray[np.complex128] = np.fft.rfft(steps, length) * np.fft.rfft(bits, length)
    sums = np.fft.irfft(spectrum, length)[bits.size - 1 : bits.size - 1 + n_bits]
    rounded = np.rint(sums)
    if not np.abs(sums - rounded).max() < 1 / 4:
        raise SourceFailed("the extractor's sums are not whole: this machine's floating point is faulty")
    return np.packbits(rounded.astype(np.int64) & 1).tobytes()
