import numpy as np
import pytest
from skimage.metrics import mean_squared_error, peak_signal_noise_ratio

from shield_core.analysis.measures import fidelity, tally
from shield_core.analysis.measures.findings import Verdict
from shield_core.analysis.measures.tally import Differences
from tests.core.analysis.pictures import KINDS, noise, ramp


class TestMseAndPsnr:
    @pytest.mark.parametrize("kind", KINDS)
    def test_are_what_scikit_image_gives(self, kind):
        first, second = (noise(31, 17, depth=kind[0], lanes=kind[1], seed=seed) for seed in (1, 2))
        compared = tally.compare(first, second)
        images = first.rows(), second.rows()
        assert fidelity.mse(compared) == pytest.approx(mean_squared_error(*images))
        expected = peak_signal_noise_ratio(*images, data_range=first.top)
        assert fidelity.psnr_db(compared, top=first.top) == pytest.approx(expected)

    def test_equal_pictures_have_no_error_and_no_ratio(self):
        same = Differences(10, 10, 0, 0)
        assert fidelity.mse(same) == 0.0
        assert fidelity.psnr_db(same, top=255) is None


class TestJudge:
    @pytest.mark.parametrize("value", [0, 100, 255])
    def test_expects_what_the_values_of_the_picture_make(self, value):
        """The mean and deviation of (p - u)² over all u, by definition."""
        values = np.zeros(256, np.int64)
        values[value] = 400
        squares = (value - np.arange(256.0)) ** 2
        finding = fidelity.judge_mse("m", Differences(400, 0, 0, 400 * 9000), values)
        assert finding.expected == pytest.approx(squares.mean())
        assert finding.sd == pytest.approx(squares.std() / 20)

    def test_noise_over_a_picture_is_as_expected(self):
        picture = ramp(300, 200)
        values = np.bincount(picture.samples.reshape(-1), minlength=256)
        compared = tally.compare(picture, noise(300, 200))
        assert fidelity.judge_mse("m", compared, values).verdict is Verdict.AS_EXPECTED

    def test_noise_that_follows_the_picture_fails(self):
        """A tenth of the samples is unchanged: entropy and histogram of noise hardly show it."""
        picture, leaky = ramp(300, 200), noise(300, 200)
        leaky.samples[::10] = picture.samples[::10]
        values = np.bincount(picture.samples.reshape(-1), minlength=256)
        assert fidelity.judge_mse("m", tally.compare(picture, leaky), values).verdict is Verdict.FAILED
