"""Variants of the permutation for tests: small buckets, measured lanes, kernels as plain Python."""

from contextlib import contextmanager
from types import SimpleNamespace

import numpy as np
import pytest

from shield_core.cipher import buckets, kernels, permutation
from shield_core.cipher import threads as cipher_threads

KEY = bytes(range(32))
NAMES = ("count", "scatter", "gather", "draw", "shuffle", "take_and_shuffle", "unshuffle", "copy")


def picture(n, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (n, width), dtype=np.uint8)


class Measuring:
    """Measured lanes with more room than needed, which record how far each was read."""

    def __init__(self, room=1 << 21):
        self.room = room
        self.lanes = {}
        self.used = {}
        self.bounds = None

    def expect(self, bounds):
        self.bounds = list(bounds)

    def xor(self, lane, at, target):
        target ^= self.read(lane, at, target.size)

    def read(self, lane, at, size):
        self.used[lane] = max(self.used.get(lane, 0), at + size)
        if lane not in self.lanes:
            self.lanes[lane] = np.random.default_rng(lane).integers(0, 256, self.room, np.uint8)
        return self.lanes[lane][at : at + size]

    def consumed(self):
        """Return the part of every lane that was read, as the material holds it."""
        return [
            self.lanes[lane][: self.used[lane]].tobytes() if lane in self.lanes else b""
            for lane in range(2 + len(self.bounds or [0]))
        ]


@contextmanager
def small_buckets(bits=1, most=8):
    """Split pictures of more than 2^bits pixels, and use the requested number of threads for every picture."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(buckets, "_SMALL", bits)
        patch.setattr(buckets, "_MOST_BITS", most)
        patch.setattr(cipher_threads, "_WORTH_A_THREAD", 0)
        yield


@contextmanager
def plain_kernels():
    """Run the kernels as Python, so that coverage sees their lines and an index out of range raises."""
    plain = SimpleNamespace(**{name: getattr(kernels, name).py_func for name in NAMES})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(permutation, "_kernels", lambda: plain)
        for name in ("draw", "shuffle"):  # kernels that other kernels call
            patch.setattr(kernels, name, getattr(plain, name))
        yield
