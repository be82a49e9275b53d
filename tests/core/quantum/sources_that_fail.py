"""Broken sources: stuck, biased, repeating, short, raising."""

from fractions import Fraction

import numpy as np

from shield_core.quantum.sources import SourceKind


class Broken:
    """Returns `bits`; everything else is as in a working source."""

    name = "broken"
    kind = SourceKind.SIMULATED
    credited_bits_per_bit = Fraction(0)

    def describe(self):
        return {"backend": "broken on purpose"}

    def measure(self, n_bits):
        return self.bits(n_bits // 8)


class Stuck(Broken):
    def __init__(self, byte=0):
        self.byte = byte

    def bits(self, size):
        return bytes([self.byte]) * size


class Biased(Broken):
    """60 ones in 100 bits."""

    def __init__(self, seed=0, share=0.6):
        self.random = np.random.default_rng(seed)
        self.share = share

    def bits(self, size):
        return np.packbits(self.random.random(size * 8) < self.share).tobytes()


class Replaying(Broken):
    """Good bits, but the same every time."""

    def bits(self, size):
        return np.random.default_rng(1).bytes(size)


class Short(Broken):
    def bits(self, size):
        return bytes(range(256))[: size - 1]


class Long(Broken):
    def bits(self, size):
        return np.random.default_rng(2).bytes(size + 1)


class Silent(Broken):
    def bits(self, size):
        return None


class Raising(Broken):
    SECRET = "seed 4611686018427387905"

    def bits(self, size):
        raise RuntimeError(f"Invoked with: {self.SECRET}")
