import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from shield_core.analysis.measures.distributions import (
    binomial_two_sided,
    chi_square_lower,
    chi_square_upper,
    normal_two_sided,
)


class TestChiSquare:
    @pytest.mark.parametrize(
        ("statistic", "degrees", "tail"),
        [
            (3.841459, 1, 0.05),
            (16.81189, 6, 0.01),
            (124.3421, 100, 0.05),
            (135.8067, 100, 0.01),
            (149.4493, 100, 0.001),
        ],
    )
    def test_published_critical_values(self, statistic, degrees, tail):
        """Abramowitz & Stegun 1964, table 26.8, percentage points of the chi-square distribution."""
        assert chi_square_upper(statistic, degrees=degrees) == pytest.approx(tail, rel=1e-4)

    @pytest.mark.parametrize("degrees", [1, 2, 7, 255, 65_535])
    @pytest.mark.parametrize("times", [0.0, 1e-6, 0.3, 0.9, 0.999, 1.0, 1.001, 1.1, 2.0, 10.0, 1e6])
    def test_is_what_scipy_gives(self, degrees, times):
        statistic = degrees * times
        upper, lower = stats.chi2.sf(statistic, degrees), stats.chi2.cdf(statistic, degrees)
        assert chi_square_upper(statistic, degrees=degrees) == pytest.approx(upper, rel=1e-9, abs=1e-300)
        assert chi_square_lower(statistic, degrees=degrees) == pytest.approx(lower, rel=1e-9, abs=1e-300)

    @given(st.floats(0, 1e12))
    def test_tails_are_the_whole(self, statistic):
        assert chi_square_upper(statistic, degrees=255) + chi_square_lower(statistic, degrees=255) == pytest.approx(1)


class TestNormal:
    @pytest.mark.parametrize(
        ("deviation", "tails"), [(1.959964, 0.05), (-2.575829, 0.01), (3.290527, 0.001), (0.0, 1.0)]
    )
    def test_published_critical_values(self, deviation, tails):
        """Abramowitz & Stegun 1964, chapter 26, values of the normal distribution."""
        assert normal_two_sided(deviation) == pytest.approx(tails, rel=1e-5)

    def test_far_tails_are_positive_until_underflow(self):
        assert normal_two_sided(37) == pytest.approx(2 * stats.norm.sf(37))
        assert normal_two_sided(1e6) == 0.0


class TestBinomial:
    @pytest.mark.parametrize("trials", [1, 5, 300, 16_384, 75_000_000])
    @pytest.mark.parametrize("deviation", [-8, -4, -1, 0, 1, 4, 8, 40])
    @pytest.mark.parametrize("chance", [1 / 256, 1 / 65_536, 0.4])
    def test_is_what_scipy_gives(self, trials, deviation, chance):
        mean = trials * chance
        count = max(0, min(trials, round(mean + deviation * math.sqrt(mean))))
        lower, upper = stats.binom.cdf(count, trials, chance), stats.binom.sf(count - 1, trials, chance)
        expected = min(1.0, 2 * (upper if count > mean else lower))
        # Near the mean of millions of trials SciPy's and our logarithms of factorials have 7 good digits.
        assert binomial_two_sided(count, trials=trials, chance=chance) == pytest.approx(expected, rel=1e-5, abs=1e-300)

    def test_all_and_none(self):
        assert binomial_two_sided(10, trials=10, chance=0.5) == pytest.approx(2 / 1024)
        assert binomial_two_sided(0, trials=10, chance=0.5) == pytest.approx(2 / 1024)
        assert binomial_two_sided(1_000_000, trials=1_000_000, chance=1 / 256) == 0.0

    def test_sums_every_term(self):
        """Johnson, Kemp & Kotz 2005, chapter 3: the terms of a whole distribution, one by one."""
        terms = [math.comb(20, k) * 0.3**k * 0.7 ** (20 - k) for k in range(21)]
        for count in range(21):
            smaller = sum(terms[: count + 1]) if count <= 6 else sum(terms[count:])
            assert binomial_two_sided(count, trials=20, chance=0.3) == pytest.approx(min(1, 2 * smaller))
        assert np.sum(terms) == pytest.approx(1)
