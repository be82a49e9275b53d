import numpy as np
import pytest

from shield_core.cipher import kernels

TOP = 2**32 - 1


def both(name):
    """A compiled kernel, and the same kernel as Python."""
    kernel = getattr(kernels, name)
    return pytest.mark.parametrize("kernel", [kernel, kernel.py_func], ids=["compiled", "python"])


class TestDraw:
    @both("draw")
    def test_multiplies_and_takes_the_upper_half(self, kernel):
        partners = np.zeros(3, np.uint32)
        words = np.array([TOP, 2**31, 2**30], np.uint32)
        assert kernel(words, np.uint64(3), partners) == 3
        assert partners.tolist() == [3, 1, 0]

    @both("draw")
    def test_biased_words_are_rejected(self, kernel):
        """2^32 mod 3 = 1: of the 2^32 words one, whose product has the low half 0, is rejected for a size of 3."""
        partners = np.zeros(3, np.uint32)
        words = np.array([0, 2**31, 0, TOP], np.uint32)
        assert kernel(words, np.uint64(2), partners[:2]) == 2
        assert partners.tolist() == [1, 0, 0]

    @both("draw")
    def test_size_that_divides_rejects_nothing(self, kernel):
        partners = np.zeros(1, np.uint32)
        assert kernel(np.zeros(1, np.uint32), np.uint64(1), partners) == 1

    @both("draw")
    def test_stops_when_the_words_are_used_up(self, kernel):
        partners = np.zeros(10, np.uint32)
        assert kernel(np.full(7, 2**31 + 2**20, np.uint32), np.uint64(1000), partners) == 7
        assert partners.tolist() == [500, 500, 499, 499, 498, 498, 497, 0, 0, 0]

    @both("draw")
    def test_tiles_with_and_without_doubt_agree(self, kernel):
        """A word of 0 has the low half 0, which is doubtful for every size: its tile is processed word by word."""
        words = np.random.default_rng(3).integers(2**20, 2**32, 96, dtype=np.uint32)
        words[40] = 0
        partners = np.zeros(96, np.uint32)
        drawn = kernel(words, np.uint64(99), partners)
        expected, size = [], 100
        for word in words.tolist():
            if (word * size) % 2**32 >= 2**32 % size:
                expected.append(word * size >> 32)
                size -= 1
        assert drawn == len(expected) == 95
        assert partners[:drawn].tolist() == expected


class TestScatterAndGather:
    @both("scatter")
    def test_counts_what_has_no_room(self, kernel):
        source = np.array([10, 11, 12, 13], np.uint8)
        target = np.zeros(4, np.uint8)
        ends = np.array([0, 2], np.uint64)
        limits = np.array([1, 3], np.uint64)
        choices = np.array([1, 0, 1, 2], np.uint8)  # the upper bits of a byte are masked away
        kernel(source, target, choices, np.uint8(1), ends, limits)
        assert target.tolist() == [11, 0, 10, 0]
        assert ends.tolist() == [2, 4]

    @both("gather")
    def test_comes_back_without_the_last_pixel(self, kernel):
        source = np.array([11, 13, 10], np.uint8)
        target = np.zeros(4, np.uint8)
        ends = np.array([0, 2], np.uint64)
        choices = np.array([1, 0, 1, 2], np.uint8)
        assert kernel(source, target, choices, np.uint8(1), ends) == 2
        assert target.tolist() == [10, 11, 0, 13]

    @both("count")
    def test_count_finds_every_byte(self, kernel):
        choices = np.array([0, 1, 2, 3, 3, 2, 3], np.uint8)
        counts = np.zeros((4, 2), np.uint64)
        kernel(choices, np.uint8(1), counts)
        assert counts.sum(axis=0).tolist() == [3, 4]
