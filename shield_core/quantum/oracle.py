"""Prediction of the simulator's measurements, the reason why its bits are credited nothing.

It is deliberately slow and simple, for demonstrations and tests; no key depends on it.
"""

from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_WORDS: Final = 312
_MIDDLE: Final = 156
_MASK: Final = (1 << 64) - 1
_UPPER: Final = _MASK ^ _MASK >> 33
_TWIST: Final = 0xB502_6F5A_A966_19E9


def mersenne_twister_64(seed: int) -> "Iterator[int]":
    """Yield the 64-bit words of `mt19937_64` with a seed, indefinitely.

    Matsumoto and Nishimura's generator of 2004; ISO C++ has it in [rand.predef].

    Args:
        seed: 0 to 2^64 - 1.
    """
    state = [seed & _MASK]
    for place in range(1, _WORDS):
        state.append((6_364_136_223_846_793_005 * (state[-1] ^ state[-1] >> 62) + place) & _MASK)
    while True:
        for place in range(_WORDS):
            joined = state[place] & _UPPER | state[(place + 1) % _WORDS] & ~_UPPER
            state[place] = state[(place + _MIDDLE) % _WORDS] ^ joined >> 1 ^ (_TWIST if joined & 1 else 0)
            yield _temper(state[place])


def predict(seed: int, n_bits: int, *, qubits: int = 8) -> bytes:
    """Return the bits that `AerSource` measures in one block under a seed.

    Args:
        seed: The seed of the simulator.
        n_bits: A multiple of 8, at most one block (8192 shots).
        qubits: As of the source.

    Returns:
        `n_bits` bits: the highest `qubits` bits of each word of the twister.
    """
    shots = -(-n_bits // qubits)
    text = "".join(f"{word >> 64 - qubits:0{qubits}b}" for word in islice(mersenne_twister_64(seed), shots))
    return int(text[:n_bits], 2).to_bytes(n_bits // 8, "big")


def _temper(word: int) -> int:
    word ^= word >> 29 & 0x5555_5555_5555_5555
    word ^= word << 17 & 0x71D6_7FFF_EDA6_0000
    word ^= word << 37 & 0xFFF7_EEE0_0000_0000
    return word ^ word >> 43
