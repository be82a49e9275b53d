from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.errors import HealthTestFailed
from shield_core.quantum import health
from shield_core.quantum.health import BULK, SEEDS, Cutoffs, Monitor
from shield_core.quantum.sources import DeterministicSource
from tests.core.quantum.sources_that_fail import Biased

SIZE = health.BLOCK // 8


def good(size=SIZE, seed=0):
    return DeterministicSource(seed).measure(size * 8)


def with_run(length, *, at=1000, of=1):
    """A good block with one run of exactly `length` equal bits."""
    bits = np.unpackbits(np.frombuffer(good(), np.uint8))
    bits[at : at + length] = of
    bits[[at - 1, at + length]] = 1 - of
    return np.packbits(bits).tobytes()


def with_ones_in_window(ones, *, first=1):
    """A good block whose second window of 1024 begins with `first` and holds `ones` ones, spread out."""
    bits = np.unpackbits(np.frombuffer(good(), np.uint8))
    window = np.zeros(1024, np.uint8)
    window[np.linspace(0, 1023, ones).astype(int)] = 1
    window[0] = first
    assert int(window.sum()) == ones
    bits[1024:2048] = window
    return np.packbits(bits).tobytes()


def alarm(raw, cutoffs=SEEDS):
    try:
        Monitor().check(raw, cutoffs)
    except HealthTestFailed as error:
        return str(error)
    return None


class TestCutoffs:
    """SP 800-90B, sections 4.4.1 and 4.4.2, for H = 1."""

    @staticmethod
    def critical_count(alpha_log2):
        """1 + critbinom(1024, 1/2, 1 - alpha)."""
        at_most = 0
        for count in range(1025):
            at_most += comb(1024, count)
            if Fraction(at_most, 2**1024) >= 1 - Fraction(1, 2**-alpha_log2):
                return 1 + count
        raise AssertionError

    def test_of_the_standard_are_found_again(self):
        """The cut-offs at 2^-20 that SP 800-90B itself names: 21, and 589 for a binary source."""
        assert self.critical_count(-20) == 589

    @pytest.mark.parametrize("cutoffs", [SEEDS, BULK])
    def test_are_those_of_the_standard(self, cutoffs):
        assert cutoffs.repetition == 1 - cutoffs.alpha_log2
        assert cutoffs.proportion == self.critical_count(cutoffs.alpha_log2)

    @pytest.mark.parametrize("cutoffs", [SEEDS, BULK])
    def test_balance_false_alarms_stay_below_alpha(self, cutoffs):
        at_least, ways = 0, 1
        for zeros in range(2048 - cutoffs.balance + 1):  # 4096 - zeros ones, at least 2048 + balance of them
            at_least += ways
            ways = ways * (4096 - zeros) // (zeros + 1)
        alpha = Fraction(1, 2**-cutoffs.alpha_log2)
        assert Fraction(2 * at_least, 2**4096) <= alpha < Fraction(2 * (at_least + ways), 2**4096)


class TestGoodBits:
    @settings(deadline=None, max_examples=50)
    @given(st.integers(0, 2**32), st.integers(1, 20))
    def test_pass(self, seed, blocks):
        report = Monitor().check(good(blocks * SIZE, seed))
        assert report.samples == blocks * 4096

    def test_sixteen_megabits_in_bulk_raise_no_alarm(self):
        monitor, source = Monitor(), DeterministicSource(1)
        for _ in range(16):
            monitor.check(source.measure(1 << 20), BULK)

    def test_the_first_block_is_the_start_up_test(self):
        monitor = Monitor()
        assert monitor.check(good(seed=1)).startup
        assert not monitor.check(good(seed=2)).startup

    def test_so_is_the_first_after_an_alarm(self):
        monitor = Monitor()
        monitor.check(good(seed=1))
        with pytest.raises(HealthTestFailed):
            monitor.check(bytes(SIZE))
        assert monitor.check(good(seed=2)).startup

    @pytest.mark.parametrize("size", [0, 1, 511, 513, 1023])
    def test_are_tested_in_blocks_of_4096(self, size):
        with pytest.raises(ValueError, match="4096"):
            Monitor().check(bytes(size))


class TestRepetitionCount:
    @pytest.mark.parametrize("byte", [0x00, 0xFF])
    def test_a_stuck_source_alarms(self, byte):
        assert alarm(bytes([byte]) * SIZE) == "repetition-count"

    @pytest.mark.parametrize("cutoffs", [SEEDS, BULK])
    @pytest.mark.parametrize("of", [0, 1])
    def test_alarms_at_the_cut_off_and_not_before(self, cutoffs, of):
        assert alarm(with_run(cutoffs.repetition - 1, of=of), cutoffs) is None
        assert alarm(with_run(cutoffs.repetition, of=of), cutoffs) == "repetition-count"

    @pytest.mark.parametrize("at", [1, 7, 8, 500, 4096 - 32])
    def test_run_at_any_position_raises_an_alarm(self, at):
        assert alarm(with_run(31, at=at)) == "repetition-count"

    @pytest.mark.parametrize(("before", "after", "expected"), [(20, 11, True), (20, 10, False), (1, 30, True)])
    def test_counts_on_from_the_block_before(self, before, after, expected):
        first = np.unpackbits(np.frombuffer(good(seed=3), np.uint8))
        second = np.unpackbits(np.frombuffer(good(seed=4), np.uint8))
        first[-before - 1 :] = [0] + [1] * before
        second[: after + 1] = [1] * after + [0]
        monitor = Monitor()
        monitor.check(np.packbits(first).tobytes())
        if expected:
            with pytest.raises(HealthTestFailed, match="repetition-count"):
                monitor.check(np.packbits(second).tobytes())
        else:
            monitor.check(np.packbits(second).tobytes())

    @pytest.mark.slow
    @settings(deadline=None, max_examples=60)
    @given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 8191), st.integers(20, 45)), max_size=3))
    def test_agrees_with_counting_bit_by_bit(self, seed, runs):
        """SP 800-90B section 4.4.1 in its own words, over two blocks."""
        bits = np.unpackbits(np.frombuffer(good(2 * SIZE, seed), np.uint8))
        for at, length in runs:
            bits[at : at + length] = bits[at]
        longest = [
            max(map(len, "".join(map(str, part)).replace("01", "0 1").replace("10", "1 0").split()))
            for part in (bits[:4096], bits)
        ]
        first, second = (np.packbits(part).tobytes() for part in (bits[:4096], bits[4096:]))
        monitor = Monitor()
        alarms = []
        for block, expected in zip((first, second), longest, strict=True):
            try:
                monitor.check(block)
            except HealthTestFailed as error:
                alarms.append(str(error))
            assert ("repetition-count" in alarms) == (expected >= SEEDS.repetition)
            if alarms:
                break


class TestAdaptiveProportion:
    @pytest.mark.parametrize("cutoffs", [SEEDS, BULK])
    def test_alarms_at_the_cut_off_and_not_before(self, cutoffs):
        for ones, first in ((cutoffs.proportion, 1), (1024 - cutoffs.proportion, 0)):
            raw = with_ones_in_window(ones, first=first) if first else complement(with_ones_in_window(1024 - ones))
            assert alarm(raw, cutoffs) == "adaptive-proportion"
        assert alarm(with_ones_in_window(cutoffs.proportion - 1), cutoffs) is None

    def test_counts_the_first_bit_of_a_window_only(self):
        """609 ones in a window that begins with 0 are a case for the balance test."""
        bits = np.unpackbits(np.frombuffer(with_ones_in_window(609), np.uint8))
        bits[[1024, 1025]] = [0, 1]
        if int(bits[1024:2048].sum()) < 609:
            bits[1026] = 1
        assert alarm(np.packbits(bits).tobytes()) != "adaptive-proportion"


def complement(raw):
    return bytes(byte ^ 0xFF for byte in raw)


class TestBalance:
    def test_sixty_to_forty_alarms_within_one_block(self):
        source = Biased(seed=5)
        for _ in range(300):
            assert alarm(source.measure(4096)) is not None

    def test_so_does_forty_to_sixty(self):
        source = Biased(seed=6, share=0.4)
        for _ in range(300):
            assert alarm(source.measure(4096)) is not None

    def test_sixty_to_forty_alarms_in_bulk_too(self):
        source = Biased(seed=7)
        for _ in range(50):
            assert alarm(source.measure(1 << 16), BULK) is not None

    @pytest.mark.parametrize("sign", [1, -1])
    def test_alarms_at_the_cut_off_and_not_before(self, sign):
        for off, expected in ((SEEDS.balance, "balance"), (SEEDS.balance - 1, None)):
            bits = np.unpackbits(np.frombuffer(good(seed=8), np.uint8))
            missing = 2048 + sign * off - int(bits.sum())
            turned = np.flatnonzero(bits == (missing < 0))
            bits[turned[np.linspace(0, turned.size - 1, abs(missing)).astype(int)]] ^= 1
            assert abs(int(bits.sum()) - 2048) == off
            assert alarm(np.packbits(bits).tobytes()) == expected


class TestReplay:
    @pytest.mark.parametrize("period", [2, 8, 24, 63, 64, 100, 128, 512, 1024, 2048])
    def test_a_pattern_that_repeats_within_a_block_alarms(self, period):
        pattern = np.unpackbits(np.frombuffer(good(seed=9), np.uint8))[:period]
        if period == 2:
            pattern[:] = [0, 1]
        assert alarm(np.packbits(np.resize(pattern, 4096)).tobytes()) is not None

    def test_a_block_that_came_before_alarms(self):
        monitor = Monitor()
        for seed in range(200):
            monitor.check(good(seed=seed))
        with pytest.raises(HealthTestFailed, match="replay"):
            monitor.check(good(seed=0))

    def test_also_inside_a_larger_block(self):
        with pytest.raises(HealthTestFailed, match="replay"):
            Monitor().check(good(seed=1) + good(seed=2) + good(seed=1))

    def test_memory_is_bounded(self, monkeypatch):
        monkeypatch.setattr(health, "REMEMBERED", 10)
        monitor = Monitor()
        for seed in range(50):
            monitor.check(good(seed=seed))
        assert len(monitor._seen) == 10
        with pytest.raises(HealthTestFailed):
            monitor.check(good(seed=45))


class TestSecrecy:
    def test_neither_report_nor_monitor_shows_bits(self):
        monitor = Monitor()
        raw = good(seed=1)
        report = monitor.check(raw)
        for shown in (repr(report), repr(report.to_json()), repr(monitor)):
            assert raw[:4].hex() not in shown
            assert "_seen" not in shown

    def test_two_blocks_give_the_same_report(self):
        first, second = Monitor().check(good(seed=1)), Monitor().check(good(seed=2))
        assert first == second

    def test_report_names_the_cut_offs_that_were_used(self):
        said = Monitor().check(good(), Cutoffs(alpha_log2=-30, repetition=31, proportion=609, balance=197)).to_json()
        assert said["verdict"] == "passed"
        assert (said["repetition_count_cutoff"], said["adaptive_proportion_cutoff"]) == (31, 609)
