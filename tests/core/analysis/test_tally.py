import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.analysis.measures import tally
from shield_core.analysis.measures.picture import Picture
from shield_core.analysis.measures.tally import DIRECTIONS
from tests.core.analysis import plain
from tests.core.analysis.pictures import KINDS, noise

SIZES = [(1, 1), (1, 7), (7, 1), (2, 2), (1, 2), (3, 2), (2, 3), (13, 11)]


def check(first, second, *, threads=1):
    one, other, against = tally.count(first, second, threads=threads)
    for picture, counted in ((first, one), (second, other)):
        assert counted.counts.tolist() == plain.histogram(picture)
        assert counted.pairs == {direction: plain.pairs(picture, direction) for direction in DIRECTIONS}
    assert against == (plain.differences(first, second) if first.is_like(second) else None)


class TestCount:
    @pytest.mark.parametrize(("kind", "size"), list(itertools.product(KINDS, SIZES)))
    def test_counts_equal_plain_python_for_kinds_and_shapes(self, kind, size):
        check(noise(*size, depth=kind[0], lanes=kind[1]), noise(*size, depth=kind[0], lanes=kind[1], seed=1))

    @pytest.mark.slow
    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, 30), st.integers(1, 30), st.sampled_from(KINDS), st.integers(0, 999))
    def test_counts_equal_plain_python_for_any_picture(self, width, height, kind, seed):
        picture = noise(width, height, depth=kind[0], lanes=kind[1], seed=seed)
        check(picture, picture)

    def test_pictures_of_other_sizes_are_counted_apart(self):
        check(noise(40, 30), noise(5, 6, lanes=1))
        check(noise(5, 6, depth=16, lanes=2), noise(40, 30))

    @pytest.mark.parametrize("kind", KINDS)
    def test_brightest_samples_do_not_overflow(self, kind):
        """More than 65,536 products of 255 with itself do not fit 32 bits."""
        white = Picture(np.full((90_000, kind[1]), 255, np.uint8), 300, 300, kind[0])
        black = Picture(np.zeros_like(white.samples), 300, 300, kind[0])
        counted, _, against = tally.count(white, black)
        n, top = white.samples.size * 8 // kind[0], white.top
        assert against == tally.Differences(n, 0, n * top, n * top * top)
        assert counted.pairs["vertical"].xy == (n - 300 * white.channels) * top * top

    @pytest.mark.parametrize("kind", KINDS)
    def test_two_threads_count_the_same_over_many_blocks(self, kind):
        width, height = 1500, 800  # more than a mebipixel, so that a second thread is worth it
        first, second = (noise(width, height, depth=kind[0], lanes=kind[1], seed=seed) for seed in (1, 2))
        alone, together = (tally.count(first, second, threads=threads) for threads in (1, 2))
        for one, other in zip(alone[:2], together[:2], strict=True):
            assert one.counts.tolist() == other.counts.tolist()
            assert one.pairs == other.pairs
        assert alone[2] == together[2]
        assert alone[0].counts.sum() == first.samples.size

    def test_blocks_are_joined_without_a_seam(self):
        """numpy counts a picture of several blocks in one piece."""
        picture = noise(700, 600)
        rows = picture.rows().astype(np.int64)
        counted = tally.count(picture, picture)[0]
        assert counted.total.tolist() == np.bincount(picture.samples.reshape(-1), minlength=256).tolist()
        assert counted.pairs["horizontal"].xy == int((rows[:, :-3] * rows[:, 3:]).sum())
        assert counted.pairs["vertical"].xy == int((rows[:-1] * rows[1:]).sum())
        assert counted.pairs["diagonal"].xy == int((rows[:-1, :-3] * rows[1:, 3:]).sum())

    def test_progress_adds_up_to_the_larger_picture(self):
        told = []
        tally.count(noise(700, 600), noise(9, 9), progress=told.append)
        assert len(told) > 1
        assert sum(told) == 700 * 600 * 3

    def test_what_progress_raises_ends_it(self):
        def stop(_):
            raise InterruptedError

        with pytest.raises(InterruptedError):
            tally.count(noise(9, 9), noise(9, 9), progress=stop)

    def test_pictures_stay_as_they_are(self):
        picture = noise(30, 20)
        before = picture.samples.copy()
        picture.samples.flags.writeable = False
        tally.count(picture, picture)
        assert np.array_equal(picture.samples, before)


class TestCompare:
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_what_sample_by_sample_gives(self, kind):
        first, second = (noise(31, 17, depth=kind[0], lanes=kind[1], seed=seed) for seed in (1, 2))
        assert tally.compare(first, second) == plain.differences(first, second)

    def test_equal_pictures_have_no_difference(self):
        assert tally.compare(noise(5, 5), noise(5, 5)) == tally.Differences(75, 75, 0, 0)


class TestWarm:
    def test_nothing_is_left_to_compile(self):
        from shield_core.analysis.measures import kernels

        tally.warm()
        before = {
            name: len(getattr(kernels, name).signatures) for name in ("count", "dot", "dot_wide", "gaps", "gaps_wide")
        }
        for depth, lanes in KINDS:
            tally.count(noise(30, 20, depth=depth, lanes=lanes), noise(30, 20, depth=depth, lanes=lanes))
        after = {name: len(getattr(kernels, name).signatures) for name in before}
        assert after == before
        assert min(after.values()) >= 1
