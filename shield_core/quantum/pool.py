"""Measured bits that wait for `fast`: in memory only, each used once, wiped after use, gone after a fork."""

import os
import threading
from collections import deque
from dataclasses import replace
from typing import Final
from weakref import WeakSet

from shield_core.errors import HealthTestFailed
from shield_core.quantum.health import BLOCK, BULK
from shield_core.quantum.measurement import Measurement, measure, wipe
from shield_core.quantum.sources import EntropySource

UNIT_BITS: Final = BLOCK
"""Raw bits of one seed, and so of one draw."""


class BitPool:
    """Raw bits of one source, in units of 4096.

    No key waits here: the operating system's part of a seed is drawn when a unit is taken.

    Args:
        source: Where the bits come from.
        capacity_bits: How many may wait at most, a multiple of 4096; a megabit serves 256 images.

    Raises:
        ValueError: a capacity that is no positive multiple of 4096.
    """

    def __init__(self, source: EntropySource, *, capacity_bits: int = 1 << 20) -> None:
        if capacity_bits < UNIT_BITS or capacity_bits % UNIT_BITS:
            raise ValueError("a pool holds units of 4096 bits")
        self._source = source
        self._capacity = capacity_bits // UNIT_BITS
        self._units: deque[Measurement] = deque()
        self._lock = threading.Lock()
        self._refilling = threading.Lock()
        _POOLS.add(self)

    def __repr__(self) -> str:
        return f"BitPool({self._source.name}, {self.waiting_bits} bits waiting)"

    @property
    def source(self) -> EntropySource:
        """Where the bits come from."""
        return self._source

    @property
    def capacity_bits(self) -> int:
        """How many bits may wait at most."""
        return self._capacity * UNIT_BITS

    @property
    def waiting_bits(self) -> int:
        """How many bits wait."""
        return len(self._units) * UNIT_BITS

    def refill(self, n_bits: int | None = None) -> int:
        """Measure bits until the pool is full.

        Args:
            n_bits: Measure no more than this, a multiple of 4096.

        Returns:
            How many bits were added.

        Raises:
            SourceFailed: the source failed; what waited still waits.
            HealthTestFailed: the source's bits failed a test; what waited from it is wiped too.
        """
        # Whoever takes a unit meanwhile does not wait for the source.
        with self._refilling:
            units = self._capacity - len(self._units)
            if n_bits is not None:
                units = min(units, n_bits // UNIT_BITS)
            if units < 1:
                return 0
            try:
                measured = measure(self._source, units * UNIT_BITS, cutoffs=BULK)
            except HealthTestFailed:
                self.drop()
                raise
            with self._lock:
                self._units.extend(_split(measured))
            return units * UNIT_BITS

    def take(self) -> Measurement | None:
        """Take one unit out of the pool, for one use; None where it is empty. Whoever takes it wipes it."""
        with self._lock:
            return self._units.popleft() if self._units else None

    def drop(self) -> None:
        """Wipe everything that waits."""
        with self._lock:
            self._wipe()

    def _wipe(self) -> None:
        while self._units:
            wipe(self._units.popleft().raw)

    def _forget_parent(self) -> None:
        # The locks may be held by a thread that does not exist in the child.
        self._lock = threading.Lock()
        self._refilling = threading.Lock()
        self._wipe()


def _split(measured: Measurement) -> list[Measurement]:
    size = UNIT_BITS // 8
    share = measured.measured_bits * size // len(measured.raw)
    units = [
        # a slice of a bytearray is a copy of its own
        replace(measured, raw=measured.raw[at : at + size], measured_bits=share)
        for at in range(0, len(measured.raw), size)
    ]
    wipe(measured.raw)
    return units


_POOLS: Final[WeakSet[BitPool]] = WeakSet()


def _forget_parents() -> None:
    for pool in _POOLS:
        pool._forget_parent()  # noqa: SLF001 - the same module; not for anybody else


# Parent and child would otherwise use the same bits, each of them once.
os.register_at_fork(after_in_child=_forget_parents)
