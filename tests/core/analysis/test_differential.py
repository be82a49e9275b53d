import numpy as np
import pytest

from shield_core.analysis.measures import differential, tally
from shield_core.analysis.measures.findings import Verdict
from shield_core.analysis.measures.tally import Differences
from tests.core.analysis.pictures import noise, ramp

NPCR_TABLE = {256: (99.5693, 99.5527, 99.5341), 512: (99.5893, 99.5810, 99.5717), 1024: (99.5994, 99.5952, 99.5906)}
UACI_TABLE = {
    256: ((33.2824, 33.6447), (33.2255, 33.7016), (33.1594, 33.7677)),
    512: ((33.3730, 33.5541), (33.3445, 33.5826), (33.3115, 33.6156)),
    1024: ((33.4183, 33.5088), (33.4040, 33.5231), (33.3875, 33.5396)),
}


class TestCriticalValues:
    """Wu, Noonan & Agaian 2011, NPCR and UACI Randomness Tests for Image Encryption: tables for 8-bit gray pictures."""

    @pytest.mark.parametrize("side", NPCR_TABLE)
    def test_npcr_is_that_of_the_published_table(self, side):
        found = differential.critical_npcr(side * side, top=255)
        assert list(found) == ["0.05", "0.01", "0.001"]
        assert tuple(round(value, 4) for value in found.values()) == NPCR_TABLE[side]

    @pytest.mark.parametrize("side", UACI_TABLE)
    def test_uaci_is_that_of_the_published_table(self, side):
        found = differential.critical_uaci(side * side, top=255)
        assert tuple(tuple(round(edge, 4) for edge in pair) for pair in found.values()) == UACI_TABLE[side]

    @pytest.mark.parametrize(("top", "npcr", "uaci"), [(1, 50.0, 50.0), (255, 99.609375, 33.46354166666667)])
    def test_published_expectations(self, top, npcr, uaci):
        """The same paper: F / (F + 1) and (F + 2) / (3F + 3), for binary and 8-bit pictures."""
        assert differential.npcr_of_noise(1000, top=top)[0] == pytest.approx(npcr)
        assert differential.uaci_of_noise(1000, top=top)[0] == pytest.approx(uaci)

    @pytest.mark.parametrize("top", [1, 255, 65_535])
    def test_moments_are_those_of_all_pairs_of_values(self, top):
        """|x - y| is d in 2(F + 1 - d) of (F + 1)² pairs, and 0 in F + 1 of them."""
        gaps = np.arange(top + 1, dtype=np.float64)
        chances = np.where(gaps == 0, top + 1, 2 * (top + 1 - gaps)) / (top + 1) ** 2
        mean = chances @ gaps
        expected, sd = differential.uaci_of_noise(1, top=top)
        assert expected == pytest.approx(100 * mean / top)
        assert sd == pytest.approx(100 * np.sqrt(chances @ gaps**2 - mean**2) / top)
        expected, sd = differential.npcr_of_noise(1, top=top)
        assert expected == pytest.approx(100 * (1 - chances[0]))
        assert sd == pytest.approx(100 * np.sqrt(chances[0] * (1 - chances[0])))


class TestRates:
    def test_by_definition(self):
        """Four samples: two differ, by 255 and by 51."""
        differences = Differences(count=4, equal=2, absolute=306, squared=0)
        assert differential.npcr(differences) == 50.0
        assert differential.uaci(differences, top=255) == pytest.approx(100 * 306 / (4 * 255))

    def test_opposite_pictures_differ_in_everything(self):
        differences = Differences(count=9, equal=0, absolute=9 * 65_535, squared=0)
        assert differential.npcr(differences) == 100.0
        assert differential.uaci(differences, top=65_535) == 100.0


class TestJudge:
    @pytest.mark.parametrize(("depth", "lanes"), [(8, 1), (8, 3), (16, 2)])
    def test_two_pictures_of_noise_are_as_expected(self, depth, lanes):
        first, second = (noise(300, 200, depth=depth, lanes=lanes, seed=seed) for seed in (1, 2))
        compared = tally.compare(first, second)
        assert differential.judge_npcr("n", compared, top=first.top).verdict is Verdict.AS_EXPECTED
        assert differential.judge_uaci("u", compared, top=first.top).verdict is Verdict.AS_EXPECTED

    def test_pictures_one_sample_apart_fail(self):
        first = noise(300, 200)
        second = noise(300, 200)
        second.samples[100, 1] ^= 1
        compared = tally.compare(first, second)
        assert compared.equal == compared.count - 1
        assert differential.judge_npcr("n", compared, top=255).verdict is Verdict.FAILED
        assert differential.judge_uaci("u", compared, top=255).verdict is Verdict.FAILED

    def test_a_picture_and_its_negative_fail_too(self):
        """They differ in every sample, but noise does not: a higher rate is not better."""
        first = noise(300, 200)
        second = noise(300, 200)
        second.samples[:] = 255 - first.samples
        assert differential.judge_npcr("n", tally.compare(first, second), top=255).verdict is Verdict.FAILED

    @pytest.mark.parametrize("value", [0, 100, 255])
    def test_uaci_expectation_depends_on_picture_values(self, value):
        """The mean and deviation of |p - u| over all u, by definition."""
        values = np.zeros(256, np.int64)
        values[value] = 400
        gaps = np.abs(value - np.arange(256))
        finding = differential.judge_uaci_from("u", Differences(400, 2, 400 * 80, 0), values)
        assert finding.expected == pytest.approx(100 * gaps.mean() / 255)
        assert finding.sd == pytest.approx(100 * gaps.std() / 255 / 20)

    @pytest.mark.parametrize("picture", [ramp(300, 200), noise(300, 200, depth=16, lanes=2)])
    def test_noise_over_any_picture_is_as_expected(self, picture):
        over = noise(300, 200, depth=picture.bit_depth, lanes=picture.samples.shape[1], seed=5)
        values = np.bincount(picture.rows().reshape(-1), minlength=picture.top + 1)
        finding = differential.judge_uaci_from("u", tally.compare(picture, over), values)
        assert finding.verdict is Verdict.AS_EXPECTED
