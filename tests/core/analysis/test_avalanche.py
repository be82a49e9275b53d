import json

import numpy as np
import pytest

from shield_core.analysis.measures.avalanche import ENCRYPTIONS, FLIPS, avalanche
from shield_core.cipher import keystream


def picture(pixels=400, bytes_per_pixel=3):
    return np.random.default_rng(1).integers(0, 256, (pixels, bytes_per_pixel), dtype=np.uint8)


def experiments(samples):
    return {one["id"]: one for one in avalanche(samples)["experiments"]}


class TestAvalanche:
    def test_flipped_key_bit_changes_half_of_the_bits(self):
        found = experiments(picture())["key"]
        assert found["changed"]["value"] == pytest.approx(0.5, abs=0.01)
        assert 0.45 < found["lowest"] <= found["changed"]["value"] <= found["highest"] < 0.55

    def test_flipped_picture_bit_changes_half_under_fresh_keys(self):
        assert experiments(picture())["picture_fresh_keys"]["changed"]["value"] == pytest.approx(0.5, abs=0.01)

    def test_flipped_picture_bit_changes_one_under_same_key(self):
        found = experiments(picture())["picture_same_key"]
        assert (found["lowest"], found["highest"], found["changed"]["verdict"]) == (1, 1, "as_expected")

    def test_the_deviation_is_that_of_fair_coins(self):
        changed = experiments(picture(pixels=100, bytes_per_pixel=2))["key"]["changed"]
        assert changed["sd"] == 0.5 / (100 * 2 * 8 * FLIPS) ** 0.5
        assert changed["deviation"] == pytest.approx((changed["value"] - 0.5) / changed["sd"])

    def test_flipped_bits_are_spread_over_picture_and_bytes(self):
        samples = picture()
        flipped = experiments(samples)["picture_same_key"]["flipped"]
        assert len(set(flipped)) == FLIPS
        assert {position % 8 for position in flipped} == set(range(8))
        assert flipped == sorted(flipped)
        assert flipped[-1] > 0.98 * 8 * samples.nbytes

    def test_flipped_key_bits_are_distinct_and_in_range(self):
        flipped = experiments(picture(4))["key"]["flipped"]
        assert len(set(flipped)) == FLIPS
        assert max(flipped) < 256

    @pytest.mark.parametrize("bytes_per_pixel", [1, 2, 3, 4])
    def test_a_single_pixel_is_a_picture(self, bytes_per_pixel):
        found = experiments(picture(1, bytes_per_pixel))["picture_same_key"]
        assert found["changed"]["value"] == 1.0
        assert max(found["flipped"]) < 8 * bytes_per_pixel

    def test_the_picture_is_left_as_it_is(self):
        samples = picture()
        before = samples.copy()
        avalanche(samples)
        assert np.array_equal(samples, before)

    def test_it_tells_how_far_it_is(self):
        done = []
        avalanche(picture(), progress=done.append)
        assert (len(done), sum(done)) == (ENCRYPTIONS, ENCRYPTIONS * picture().nbytes)

    def test_result_is_json_and_states_its_limits(self):
        result = json.loads(json.dumps(avalanche(picture())))
        assert (result["flips"], result["picture"]) == (64, {"pixels": 400, "bytes_per_pixel": 3})
        assert "not a proof" in result["limits"]
        assert all(one["says"] for one in result["experiments"])

    def test_a_cipher_that_does_nothing_fails(self, monkeypatch):
        monkeypatch.setattr(keystream, "apply", lambda *_, **__: None)
        found = experiments(np.zeros((400, 3), np.uint8))
        assert found["key"]["changed"]["verdict"] == "failed"
        assert found["picture_fresh_keys"]["changed"]["verdict"] == "failed"

    def test_cipher_that_spreads_under_same_key_fails(self, monkeypatch):
        def scramble(buffer, _key, **_):
            buffer[:] = np.random.default_rng().integers(0, 256, buffer.shape)

        monkeypatch.setattr(keystream, "apply", scramble)
        assert experiments(picture())["picture_same_key"]["changed"]["verdict"] == "failed"

    def test_no_samples(self):
        with pytest.raises(ValueError, match="at least one"):
            avalanche(np.empty((0, 3), np.uint8))
