import threading

import pytest

from shield_core.errors import HealthTestFailed, SourceFailed
from shield_core.quantum.pool import UNIT_BITS, BitPool
from shield_core.quantum.sources import DeterministicSource
from tests.core.quantum.sources_that_fail import Broken, Stuck


class Turning(Broken):
    """Works until the test breaks it."""

    def __init__(self):
        self.sound = DeterministicSource(3)
        self.broken = None

    def bits(self, size):
        return (self.broken or self.sound).measure(size * 8)


class Refusing(Broken):
    def bits(self, size):
        raise OSError


def pool(units=4, source=None):
    return BitPool(source or DeterministicSource(1), capacity_bits=units * UNIT_BITS)


class TestRefill:
    def test_fills_up_and_no_further(self):
        bits = pool(4)
        assert bits.waiting_bits == 0
        assert bits.refill() == bits.waiting_bits == bits.capacity_bits == 4 * UNIT_BITS
        assert bits.refill() == 0

    def test_refill_adds_at_most_the_requested_bits(self):
        bits = pool(4)
        assert bits.refill(2 * UNIT_BITS + 8) == 2 * UNIT_BITS
        assert bits.refill(100 * UNIT_BITS) == 2 * UNIT_BITS

    @pytest.mark.parametrize("n_bits", [0, 8, -4096])
    def test_less_than_a_unit_is_nothing(self, n_bits):
        assert pool().refill(n_bits) == 0

    def test_when_the_source_fails_what_waited_still_waits(self):
        source = Turning()
        bits = pool(4, source)
        bits.refill(UNIT_BITS)
        source.broken = Refusing()
        with pytest.raises(SourceFailed):
            bits.refill()
        assert bits.waiting_bits == UNIT_BITS

    def test_failed_health_test_wipes_waiting_bits(self):
        source = Turning()
        bits = pool(4, source)
        bits.refill(2 * UNIT_BITS)
        waiting = [unit.raw for unit in bits._units]
        source.broken = Stuck()
        with pytest.raises(HealthTestFailed):
            bits.refill()
        assert bits.waiting_bits == 0
        assert all(raw == bytes(512) for raw in waiting)

    @pytest.mark.parametrize("capacity", [0, -4096, 4095, 4104])
    def test_holds_whole_units(self, capacity):
        with pytest.raises(ValueError, match="4096"):
            BitPool(DeterministicSource(), capacity_bits=capacity)


class TestTake:
    def test_gives_each_bit_once_and_in_order(self):
        bits = pool(3)
        bits.refill()
        taken = [bytes(bits.take().raw) for _ in range(3)]
        assert b"".join(taken) == DeterministicSource(1).measure(3 * UNIT_BITS)
        assert bits.take() is None

    def test_keeps_no_copy_of_what_was_taken(self):
        bits = pool(2)
        bits.refill()
        first = bits.take()
        assert all(unit.raw is not first.raw for unit in bits._units)

    def test_threads_never_get_the_same_unit(self):
        bits = pool(400)
        bits.refill()
        taken = []

        def work():
            while (unit := bits.take()) is not None:
                taken.append(bytes(unit.raw))

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(taken) == len(set(taken)) == 400

    def test_says_which_source_and_when(self):
        bits = pool()
        bits.refill()
        unit = bits.take()
        assert unit.source is bits.source
        assert unit.health.cutoffs.alpha_log2 == -40


class TestDrop:
    def test_wipes_what_waited(self):
        bits = pool()
        bits.refill()
        waiting = [unit.raw for unit in bits._units]
        bits.drop()
        assert bits.waiting_bits == 0
        assert all(raw == bytes(512) for raw in waiting)


class TestSecrecy:
    def test_shows_its_level_only(self):
        bits = pool()
        bits.refill()
        assert repr(bits) == "BitPool(deterministic, 16384 bits waiting)"
