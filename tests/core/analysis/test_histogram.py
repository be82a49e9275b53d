import numpy as np
import pytest
from scipy import stats

from shield_core.analysis.measures import histogram
from shield_core.analysis.measures.findings import Verdict


class TestChiSquare:
    def test_is_what_scipy_gives(self):
        counts = np.random.default_rng(0).integers(0, 500, 256)
        found = stats.chisquare(counts)
        assert histogram.chi_square(counts) == pytest.approx(found.statistic)
        assert histogram.p_value(histogram.chi_square(counts)) == pytest.approx(found.pvalue, abs=1e-300)

    def test_noise_has_the_p_value_of_scipy(self):
        counts = np.bincount(np.random.default_rng(1).integers(0, 256, 100_000), minlength=256)
        found = stats.chisquare(counts)
        assert 0.01 < found.pvalue < 0.99
        assert histogram.p_value(histogram.chi_square(counts)) == pytest.approx(found.pvalue)

    def test_even_histogram_has_none(self):
        assert histogram.chi_square(np.full(256, 1000)) == 0.0

    def test_one_value_has_the_most(self):
        """All n in one bin: n²·256/n - n."""
        counts = np.zeros(256, np.int64)
        counts[7] = 75_000_000
        assert histogram.chi_square(counts) == 255 * 75_000_000


class TestJudge:
    def test_flat_as_noise_is_as_expected(self):
        counts = np.bincount(np.random.default_rng(2).integers(0, 256, 100_000), minlength=256)
        assert histogram.judge(counts).verdict is Verdict.AS_EXPECTED

    def test_too_even_fails_as_well(self):
        counts = np.full(256, 1000)
        counts[0] += 1
        finding = histogram.judge(counts)
        assert finding.verdict is Verdict.FAILED
        assert finding.deviation < -11

    def test_uneven_fails(self):
        counts = np.full(256, 1000)
        counts[0] += 1000
        assert histogram.judge(counts).verdict is Verdict.FAILED
