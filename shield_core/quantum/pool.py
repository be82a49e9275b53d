"""The pool of measured bits for `fast`: in memory only, each bit used once, wiped after use, dropped after a fork."""

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
"""Raw bits of one seed, and therefore of one draw."""


class BitPool:
    """Raw bits of one source, in units of 4096.

    The pool holds no keys: the operating system's part of a seed is drawn when a unit is taken.

    Args:
        source: The source of the bits.
        capacity_bits: The most bits that may wait, a multiple of 4096; a megabit serves 256 images.

    Raises:
        ValueError: the capacity is not a positive multiple of 4096.
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
        """The source of the bits."""
        return self._source

    @property
    def capacity_bits(self) -> int:
        """The most bits that may wait."""
        return self._capacity * UNIT_BITS

    @property
    def waiting_bits(self) -> int:
        """The number of waiting bits."""
        return len(self._units) * UNIT_BITS

    def refill(self, n_bits: int | None = None) -> int:
        """Measure bits until the pool is full.

        Args:
            n_bits: The most bits to measure, a multiple of 4096.

        Returns:
            The number of added bits.

        Raises:
            SourceFailed: the source failed; waiting bits are kept.
            HealthTestFailed: the source's bits failed a test; waiting bits are wiped, too.
        """
        # A thread that takes a unit meanwhile does not wait for the source.
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
        """Take one unit out of the pool for one use, or return None if it is empty. The caller must wipe the unit."""
        with self._lock:
            return self._units.popleft() if self._units else None

    def drop(self) -> None:
        """Wipe all waiting bits."""
        with self._lock:
            self._wipe()

    def _wipe(self) -> None:
        while self._units:
            wipe(self._units.popleft().raw)

    def _forget_parent(self) -> None:
        # A thread that does not exist in the child may hold the locks.
        self._lock = threading.Lock()
        self._refilling = threading.Lock()
        self._wipe()


def _split(measured: Measurement) -> list[Measurement]:
    size = UNIT_BITS // 8
    share = measured.measured_bits * size // len(measured.raw)
    units = [
        # a slice of a bytearray is a copy
        replace(measured, raw=measured.raw[at : at + size], measured_bits=share)
        for at in range(0, len(measured.raw), size)
    ]
    wipe(measured.raw)
    return units


_POOLS: Final[WeakSet[BitPool]] = WeakSet()


def _forget_parents() -> None:
    for pool in _POOLS:
        pool._forget_parent()  # noqa: SLF001 - the same module


# Otherwise parent and child would both use the same bits.
os.register_at_fork(after_in_child=_forget_parents)
