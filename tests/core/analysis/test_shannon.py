import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from skimage.measure import shannon_entropy

from shield_core.analysis.measures import shannon
from shield_core.analysis.measures.findings import Verdict


class TestShannon:
    def test_one_value_has_none(self):
        assert shannon.of_samples(bytes(1000)) == 0.0

    def test_all_values_alike_have_eight_bits(self):
        assert shannon.of_samples(bytes(range(256)) * 7) == 8.0

    def test_example_of_the_source(self):
        """Shannon 1948, section 7: four letters of probability 1/2, 1/4, 1/8 and 1/8 have 7/4 bits."""
        assert shannon.of_samples(np.array([0, 0, 0, 0, 1, 1, 2, 3], np.uint8)) == pytest.approx(7 / 4)

    @given(st.binary(min_size=1, max_size=400))
    def test_is_the_sum_of_the_definition(self, data):
        shares = [data.count(value) / len(data) for value in set(data)]
        assert shannon.of_samples(data) == pytest.approx(sum(-share * math.log2(share) for share in shares), abs=1e-12)

    def test_counts_a_large_picture_in_pieces(self):
        picture = np.random.default_rng(0).integers(0, 256, (1500, 1000, 3), dtype=np.uint8)
        assert 7.9999 < shannon.of_samples(picture) <= 8.0

    @pytest.mark.parametrize("samples", [b"", np.zeros(3, np.uint16)])
    def test_other_things_are_refused(self, samples):
        with pytest.raises(ValueError, match="bytes"):
            shannon.of_samples(samples)

    def test_is_what_scikit_image_gives(self):
        picture = np.random.default_rng(1).normal(128, 30, (200, 300)).astype(np.uint8)
        assert shannon.of_samples(picture) == pytest.approx(shannon_entropy(picture), abs=1e-12)


class TestJudge:
    def test_expectation_is_that_of_many_pictures(self):
        """Means and deviations of 4,000 histograms of noise, against the formulas of Wilks and Williams."""
        histograms = np.random.default_rng(2).multinomial(20_000, [1 / 256] * 256, size=4_000)
        values = [shannon.of_counts(counts) for counts in histograms]
        finding = shannon.judge(histograms[0])
        assert np.mean(values) == pytest.approx(finding.expected, abs=4 * finding.sd / 4_000**0.5)
        assert np.std(values) == pytest.approx(finding.sd, rel=0.05)

    def test_p_value_is_that_of_the_likelihood_ratio(self):
        """SciPy's G-test, without Williams's correction, which is a quarter of a percent here."""
        counts = np.random.default_rng(3).multinomial(20_000, [1 / 256] * 256)
        upper = stats.power_divergence(counts, lambda_="log-likelihood").pvalue
        assert shannon.judge(counts).p_value == pytest.approx(2 * min(upper, 1 - upper), rel=0.1)

    def test_picture_of_few_values_fails(self):
        counts = np.zeros(256, np.int64)
        counts[:4] = 10_000
        finding = shannon.judge(counts)
        assert finding.value == 2.0
        assert finding.verdict is Verdict.FAILED

    def test_all_values_exactly_alike_are_too_even(self):
        finding = shannon.judge(np.full(256, 1_000))
        assert finding.value == 8.0
        assert finding.verdict is Verdict.FAILED
