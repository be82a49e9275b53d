"""Health tests of raw bits, in the style of SP 800-90B: they detect a broken source, but never a weak one.

A simulator passes them all and is credited nothing (docs/explanation/entropy.md). They detect a source that is stuck or
biased, returns too few bits or repeats a block.
"""

import hashlib
import os
import threading
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import HealthTestFailed

WINDOW: Final = 1024
"""Bits of one adaptive-proportion window: SP 800-90B section 4.4.2, binary sources."""

BLOCK: Final = 4096
"""Bits of the smallest tested block, of the start-up test, and of the raw bits of one seed."""

REMEMBERED: Final = 16_384
"""The number of blocks whose fingerprints are kept to detect replay: 8 MiB of raw bits, about 2 MB of memory."""


@dataclass(frozen=True, slots=True)
class Cutoffs:
    """The values at which the tests raise an alarm, for a source that claims one bit of entropy per bit.

    `repetition` is 1 - alpha_log2 equal bits in a row (4.4.1); `proportion` is the critical count of the first bit in a
    window of 1024 (4.4.2); `balance` is the distance of the ones in a block of 4096 from 2048, on either side.
    """

    alpha_log2: int
    repetition: int
    proportion: int
    balance: int


SEEDS: Final = Cutoffs(alpha_log2=-30, repetition=31, proportion=609, balance=197)
"""The cut-offs for seeds, up to about a megabit per job."""

BULK: Final = Cutoffs(alpha_log2=-40, repetition=41, proportion=625, balance=229)
"""The cut-offs for bits drawn by the megabit: with 2^-20 the first megabit already gave a false alarm."""


@dataclass(frozen=True, slots=True)
class Report:
    """The tests that passed; it reveals nothing about the bits."""

    samples: int
    startup: bool
    cutoffs: Cutoffs

    def to_json(self) -> dict[str, Any]:
        """Return the tests and their cut-offs in the form of the statement."""
        return {
            "verdict": "passed",
            "samples": self.samples,
            "startup": self.startup,
            "alpha_log2": self.cutoffs.alpha_log2,
            "repetition_count_cutoff": self.cutoffs.repetition,
            "adaptive_proportion_cutoff": self.cutoffs.proportion,
            "adaptive_proportion_window": WINDOW,
            "balance_cutoff": self.cutoffs.balance,
            "balance_window": BLOCK,
            "replay": True,
        }


@dataclass(slots=True)
class Monitor:
    """The health of one source, followed from block to block.

    The first block, and the first after an alarm, is the start-up test. Every test runs on every block, and a block is
    tested completely before any of its bits are used.
    """

    _started: bool = False
    _last_bit: int = 0
    _last_run: int = 0
    _salt: bytes = field(default_factory=lambda: os.urandom(16), repr=False)
    _seen: dict[bytes, None] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def check(self, raw: bytes | bytearray, cutoffs: Cutoffs = SEEDS) -> Report:
        """Test one block.

        Args:
            raw: A multiple of 4096 bits, packed, first bit highest.
            cutoffs: `SEEDS` or `BULK`.

        Returns:
            The tests that passed.

        Raises:
            HealthTestFailed: names the test; the block must not be used.
            ValueError: not a positive multiple of 4096 bits.
        """
        if not raw or len(raw) * 8 % BLOCK:
            raise ValueError("health is tested in blocks of 4096 bits")
        with self._lock:
            startup = not self._started
            self._started = False
            if startup:
                self._last_bit, self._last_run = 0, 0
            self._test(raw, cutoffs)
            self._started = True
        return Report(samples=len(raw) * 8, startup=startup, cutoffs=cutoffs)

    def _test(self, raw: bytes | bytearray, cutoffs: Cutoffs) -> None:
        packed = np.frombuffer(raw, np.uint8)
        words = packed.view(np.uint64).reshape(-1, BLOCK // 64)
        ones = np.bitwise_count(words).reshape(-1, WINDOW // 64).sum(axis=1, dtype=np.int64)
        if self._runs_on(raw, cutoffs.repetition):
            raise HealthTestFailed("repetition-count")
        if _highest_proportion(packed, ones) >= cutoffs.proportion:
            raise HealthTestFailed("adaptive-proportion")
        if _imbalance(ones) >= cutoffs.balance:
            raise HealthTestFailed("balance")
        if _repeats_itself(words) or self._was_seen(raw):
            raise HealthTestFailed("replay")

    def _runs_on(self, raw: bytes | bytearray, length: int) -> bool:
        """Return whether there is a run of `length` equal bits, including those at the end of the block before.

        A block is one long integer here: six shifts find a run in all of it at once, in a fiftieth of the time of
        checking single bits.
        """
        block, bits = int.from_bytes(raw, "big"), len(raw) * 8
        before = (1 << self._last_run) - 1 if self._last_bit else 0
        if _has_run(before << bits | block, bits + self._last_run, length):
            return True
        self._last_bit = block & 1
        different = block ^ -self._last_bit
        self._last_run = (different & -different).bit_length() - 1
        return False

    def _was_seen(self, raw: bytes | bytearray) -> bool:
        """Store a keyed fingerprint of each 4096 bits, and return whether one was already stored."""
        view = memoryview(raw)
        size = BLOCK // 8
        for at in range(0, len(view), size):
            fingerprint = hashlib.blake2b(view[at : at + size], digest_size=16, key=self._salt).digest()
            if fingerprint in self._seen:
                return True
            self._seen[fingerprint] = None
            if len(self._seen) > REMEMBERED:
                del self._seen[next(iter(self._seen))]
        return False


def _has_run(stream: int, bits: int, length: int) -> bool:
    """Return whether a stream of `bits` bits has a run of `length` equal bits."""
    all_pairs = (1 << (bits - 1)) - 1
    # Bit i is set if a number of bits from there on are equal. The number doubles from step to step.
    equal = (stream ^ stream >> 1) & all_pairs ^ all_pairs
    known = 1
    while known < length - 1:
        step = min(known, length - 1 - known)
        equal &= equal >> step
        known += step
    return equal != 0


def _highest_proportion(packed: NDArray[np.uint8], ones: NDArray[np.int64]) -> int:
    """Return the highest count, over all windows, of the window's first bit."""
    starts_with_one = packed[:: WINDOW // 8] > 127  # noqa: PLR2004 - the highest bit is the first
    return int(np.where(starts_with_one, ones, WINDOW - ones).max())


def _imbalance(ones: NDArray[np.int64]) -> int:
    """Return the distance between the ones of a block and half of it: SP 800-90B allows additional tests."""
    return int(np.abs(ones.reshape(-1, BLOCK // WINDOW).sum(axis=1) - BLOCK // 2).max())


def _repeats_itself(words: NDArray[np.uint64]) -> bool:
    """Return whether a block has a duplicate 64-bit word, which happens by chance once in 2^53 blocks."""
    ordered = np.sort(words, axis=1)
    return bool((ordered[:, 1:] == ordered[:, :-1]).any())
