import numpy as np
import pytest
from scipy import stats

from shield_core.analysis.measures import correlation, tally
from shield_core.analysis.measures.findings import Verdict
from shield_core.analysis.measures.tally import DIRECTIONS, Pairs
from tests.core.analysis import plain
from tests.core.analysis.pictures import KINDS, noise, ramp


def pairs_of(xs, ys):
    xs, ys = [list(map(int, values)) for values in (xs, ys)]
    square = [sum(a * b for a, b in zip(*two, strict=True)) for two in ((xs, xs), (ys, ys), (xs, ys))]
    return Pairs(len(xs), (sum(xs),), (sum(ys),), *square)


class TestCoefficient:
    @pytest.mark.parametrize("direction", DIRECTIONS)
    @pytest.mark.parametrize("kind", KINDS)
    def test_is_what_scipy_gives(self, kind, direction):
        picture = noise(23, 19, depth=kind[0], lanes=kind[1])
        counted = tally.count(picture, picture)[0]
        channels = np.array(plain.neighbors(picture, direction), float)
        centered = (channels - channels.mean(axis=1, keepdims=True)).reshape(-1, 2)
        expected = stats.pearsonr(centered[:, 0], centered[:, 1]).statistic
        assert correlation.coefficient(counted.pairs[direction]) == pytest.approx(expected, abs=1e-12)

    def test_channels_of_different_brightness_are_no_correlation(self):
        """Noise of 0 to 15 in red, of 240 to 255 in blue: with one mean for both, r would be above 0.99."""
        picture = noise(300, 200)
        picture.samples[:] = picture.samples % 16 + np.array([0, 120, 240], np.uint8)
        counted = tally.count(picture, picture)[0]
        assert abs(correlation.coefficient(counted.pairs["horizontal"])) < 0.02

    def test_anscombe(self):
        """Anscombe 1973, Graphs in Statistical Analysis: the first set, in tenths and hundredths, has r = 0.816."""
        xs = [100, 80, 130, 90, 110, 140, 60, 40, 120, 70, 50]
        ys = [804, 695, 758, 881, 833, 996, 724, 426, 1084, 482, 568]
        assert correlation.coefficient(pairs_of(xs, ys)) == pytest.approx(0.816, abs=5e-4)

    def test_a_ramp_is_alike_to_its_neighbors(self):
        counted = tally.count(ramp(300, 200), ramp(300, 200))[0]
        for direction in DIRECTIONS:
            assert correlation.coefficient(counted.pairs[direction]) > 0.99

    def test_ends_of_the_range_are_exact(self):
        assert correlation.coefficient(pairs_of([1, 2, 3], [2, 4, 6])) == 1.0
        assert correlation.coefficient(pairs_of([1, 2, 3], [6, 4, 2])) == -1.0

    @pytest.mark.parametrize(("xs", "ys"), [([], []), ([5], [5]), ([5, 5, 5], [1, 2, 3]), ([1, 2, 3], [5, 5, 5])])
    def test_without_spread_there_is_none(self, xs, ys):
        assert correlation.coefficient(pairs_of(xs, ys)) is None


class TestJudge:
    def test_noise_is_as_expected(self):
        counted = tally.count(noise(300, 200), noise(300, 200))[0]
        for direction in DIRECTIONS:
            finding = correlation.judge(direction, counted.pairs[direction])
            assert finding.verdict is Verdict.AS_EXPECTED
            assert finding.id == f"correlation_{direction}"

    def test_a_picture_fails(self):
        counted = tally.count(ramp(300, 200), ramp(300, 200))[0]
        assert correlation.judge("vertical", counted.pairs["vertical"]).verdict is Verdict.FAILED

    @pytest.mark.slow
    def test_deviation_is_that_of_many_pictures(self):
        """The standard deviation of r over 300 pictures of noise, against 1/sqrt(pairs)."""
        found = [tally.count(picture, picture)[0] for picture in (noise(64, 40, lanes=1, seed=i) for i in range(300))]
        for direction in DIRECTIONS:
            values = [correlation.coefficient(counted.pairs[direction]) for counted in found]
            sd = found[0].pairs[direction].count ** -0.5
            assert np.std(values) == pytest.approx(sd, rel=0.15)
            assert abs(np.mean(values)) < 4 * sd / 300**0.5

    def test_few_pairs_are_not_judged(self):
        thin = noise(1, 20_000, lanes=1)
        counted = tally.count(thin, thin)[0]
        assert correlation.judge("vertical", counted.pairs["vertical"]).verdict is Verdict.AS_EXPECTED
        across = correlation.judge("horizontal", counted.pairs["horizontal"])
        assert across.verdict is Verdict.NOT_TESTED
        assert "0 pairs" in across.reason

    def test_one_value_is_not_judged(self):
        assert correlation.judge("diagonal", pairs_of([7] * 5000, [7] * 5000)).verdict is Verdict.NOT_TESTED
