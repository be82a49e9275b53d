import json

import numpy as np
import pytest

from shield_core.analysis import document
from shield_core.analysis.caveats import TESTS
from shield_core.analysis.document import SMALLEST, analyze
from shield_core.analysis.measures.picture import Picture
from shield_core.errors import PicturesDiffer
from shield_core.image.regions import Region
from tests.core.analysis import ciphers
from tests.core.analysis.pictures import KINDS, noise, ramp


def encrypted(picture, cipher):
    return Picture(cipher(picture.samples.copy()), picture.width, picture.height, picture.bit_depth)


def analysis_of(picture, cipher, **options):
    options = {"encrypt": cipher, "key_space_bits": 256} | options
    return analyze(picture, encrypted(picture, cipher), **options)


def verdicts(analysis):
    return {test["id"]: test["verdict"] for test in analysis["tests"]}


@pytest.fixture(scope="module")
def sound():
    """An analysis that many tests read and none changes."""
    return analysis_of(ramp(256, 200), ciphers.noise_of(1), timings_ms={"encrypting": 3.5})


class TestShape:
    def test_analysis_survives_json_round_trip_without_nan(self, sound):
        assert json.loads(json.dumps(sound, allow_nan=False)) == sound

    def test_has_the_shape_of_the_api(self, sound):
        metrics = sound["metrics"]
        assert sound["version"] == document.VERSION
        assert metrics["entropy"]["original"] < metrics["entropy"]["encrypted"] <= 8
        assert set(metrics["histogram"]) >= {"chi_square", "p_value"}
        for key in ("original", "encrypted"):
            assert set(metrics["correlation"][key]) == {"horizontal", "vertical", "diagonal"}
        assert metrics["psnr_db"] == pytest.approx(8, abs=2)
        assert metrics["lossless"] is False
        assert metrics["mse"] > 1000
        for rate in ("npcr", "uaci"):
            assert set(metrics[rate]) >= {"between_ciphertexts", "original_vs_encrypted", "critical"}
            assert set(metrics[rate]["critical"]) == {"0.05", "0.01", "0.001"}
        assert metrics["key_space_bits"] == 256
        assert metrics["timings_ms"] == {"encrypting": 3.5}
        assert sound["security_grade"]["letter"] == "A"
        assert len(sound["limits"]) >= 4
        assert set(sound["charts"]) == {"histogram_comparison", "correlation_scatter", "entropy_gauge"}

    def test_every_test_has_all_fields(self, sound):
        """Every test has expectation, deviation, p-value, verdict and a caveat."""
        assert {test["id"] for test in sound["tests"]} == set(TESTS) - {"key_space"}
        for test in sound["tests"]:
            assert test["value"] is not None
            assert test["deviation"] == pytest.approx((test["value"] - test["expected"]) / test["sd"])
            assert 0 <= test["p_value"] <= 1
            assert test["verdict"] == "as_expected"
            assert test["asks"].endswith("?")
            assert test["does_not_show"].endswith(".")

    def test_headline_numbers_are_those_of_the_tests(self, sound):
        values = {test["id"]: test["value"] for test in sound["tests"]}
        metrics = sound["metrics"]
        assert values["entropy"] == metrics["entropy"]["encrypted"]
        assert values["chi_square"] == metrics["histogram"]["chi_square"]
        assert values["correlation_vertical"] == metrics["correlation"]["encrypted"]["vertical"]
        assert values["npcr_between_ciphertexts"] == metrics["npcr"]["between_ciphertexts"]
        assert values["uaci_original_vs_encrypted"] == metrics["uaci"]["original_vs_encrypted"]
        assert values["mse_original_vs_encrypted"] == metrics["mse"]

    def test_channels_are_named_and_add_up(self, sound):
        channels = sound["charts"]["histogram_comparison"]["channels"]["original"]
        assert [channel["name"] for channel in channels] == ["red", "green", "blue"]
        total = np.sum([channel["counts"] for channel in channels], axis=0)
        assert total.tolist() == sound["charts"]["histogram_comparison"]["original"]
        assert [lane["name"] for lane in sound["metrics"]["histogram"]["channels"]] == ["red", "green", "blue"]
        assert [lane["name"] for lane in sound["metrics"]["entropy"]["channels"]["encrypted"]] == [
            "red",
            "green",
            "blue",
        ]

    def test_the_same_pictures_give_the_same_report(self):
        first, second = ramp(256, 200), noise(256, 200)
        assert analyze(first, second) == analyze(first, second, threads=2)


class TestSoundCiphers:
    @pytest.mark.parametrize("kind", KINDS)
    def test_noise_gets_a_for_every_kind(self, kind):
        picture = noise(160, 128, depth=kind[0], lanes=kind[1])
        picture.samples[:] //= 3
        analysis = analysis_of(picture, ciphers.noise_of(kind[0] + kind[1]))
        assert set(verdicts(analysis).values()) == {"as_expected"}
        assert analysis["security_grade"]["letter"] == "A"

    def test_own_cipher_gets_a_for_black_picture(self):
        black = Picture(np.zeros((40_000, 3), np.uint8), 200, 200)
        analysis = analysis_of(black, ciphers.ours)
        assert analysis["security_grade"]["letter"] == "A"
        assert analysis["metrics"]["correlation"]["original"]["horizontal"] is None

    @pytest.mark.slow
    def test_many_encryptions_fail_no_test(self):
        """With 200 pictures and ten tests each, one in fifty runs would fail by chance: the test is seeded."""
        picture, cipher = ramp(144, 128), ciphers.noise_of(7)
        letters = [analysis_of(picture, cipher)["security_grade"]["letter"] for _ in range(200)]
        assert letters == ["A"] * 200


class TestUnsoundCiphers:
    @pytest.mark.parametrize(
        "cipher", [ciphers.nothing, ciphers.one_byte_xor, ciphers.short_key, ciphers.only_permuted]
    )
    def test_they_get_an_f(self, cipher):
        assert analysis_of(ramp(256, 200), cipher)["security_grade"]["letter"] == "F"

    def test_reused_key_shows_only_between_ciphertexts(self):
        analysis = analysis_of(ramp(256, 200), ciphers.reused_key)
        failed = {name for name, verdict in verdicts(analysis).items() if verdict == "failed"}
        assert failed == {"npcr_between_ciphertexts", "uaci_between_ciphertexts"}
        assert analysis["metrics"]["npcr"]["between_ciphertexts"] == pytest.approx(100 / (256 * 200 * 3))
        assert analysis["security_grade"]["letter"] == "F"

    def test_a_pure_permutation_is_seen_by_its_histogram(self):
        analysis = analysis_of(ramp(256, 200), ciphers.only_permuted)
        assert verdicts(analysis)["chi_square"] == "failed"
        assert verdicts(analysis)["correlation_horizontal"] == "as_expected"

    def test_the_picture_itself_is_lossless(self):
        analysis = analysis_of(ramp(256, 200), ciphers.nothing)
        assert (analysis["metrics"]["lossless"], analysis["metrics"]["psnr_db"]) == (True, None)
        assert analysis["metrics"]["mse"] == 0
        assert analysis["metrics"]["npcr"]["original_vs_encrypted"] == 0


class TestBetweenCiphertexts:
    @pytest.mark.parametrize("kind", KINDS)
    def test_pictures_are_one_level_apart_in_one_sample(self, kind):
        given = []
        picture = noise(31, 17, depth=kind[0], lanes=kind[1])
        before = picture.samples.copy()
        document.compare_neighbors(picture, lambda samples: given.append(samples.copy()) or samples)
        first, second = (Picture(samples, 31, 17, kind[0]).rows().astype(int) for samples in given)
        assert np.array_equal(given[0], before)
        assert np.count_nonzero(first != second) == 1
        assert np.abs(first - second).max() == 1
        assert np.array_equal(picture.samples, before)

    def test_unknown_cipher_gives_null_with_reason(self):
        analysis = analyze(ramp(256, 200), noise(256, 200))
        for rate in ("npcr", "uaci"):
            assert analysis["metrics"][rate]["between_ciphertexts"] is None
            assert "cipher" in analysis["metrics"][rate]["between_ciphertexts_reason"]
            assert analysis["metrics"][rate]["original_vs_encrypted"] is not None
        assert verdicts(analysis)["npcr_between_ciphertexts"] == "not_tested"
        assert analysis["security_grade"]["letter"] == "B"


class TestPicturesThatHoldAFile:
    @pytest.fixture
    def analysis(self):
        drawn = noise(190, 170)
        holder = Picture(drawn.samples, 190, 170, holds_file=True)
        return analyze(ramp(256, 200), holder, encrypt=ciphers.noise_of(3), key_space_bits=256)

    def test_measures_of_both_pictures_are_null_with_reason(self, analysis):
        metrics = analysis["metrics"]
        assert (metrics["psnr_db"], metrics["mse"], metrics["lossless"]) == (None, None, None)
        assert "holds a file" in metrics["full_reference_reason"]
        assert metrics["npcr"]["original_vs_encrypted"] is None
        assert verdicts(analysis)["mse_original_vs_encrypted"] == "not_tested"

    def test_everything_else_is_measured_and_graded(self, analysis):
        assert analysis["metrics"]["npcr"]["between_ciphertexts"] > 99
        assert analysis["security_grade"]["letter"] == "A"
        assert analysis["security_grade"]["false_alarm"]["tests"] == 7
        assert analysis["pictures"]["encrypted"]["holds_file"] is True


class TestRefusals:
    @pytest.mark.parametrize(
        "other", [noise(200, 256), noise(256, 199), noise(256, 200, lanes=4), noise(256, 200, depth=16, lanes=2)]
    )
    def test_other_size_or_kind_is_refused(self, other):
        with pytest.raises(PicturesDiffer, match="256 x 200 pixels of 3 x 8 bits") as refused:
            analyze(noise(256, 200), other)
        assert refused.value.code == "validation-failed"


class TestWithheld:
    @pytest.mark.parametrize(("width", "height"), [(1, 1), (127, 128), (1, 9000)])
    def test_small_pictures_are_measured_and_not_judged(self, width, height):
        picture = noise(width, height, lanes=1)
        analysis = analyze(picture, picture, encrypt=ciphers.noise_of(4), key_space_bits=256)
        assert picture.samples.size < SMALLEST
        assert set(verdicts(analysis).values()) == {"not_tested"}
        assert analysis["security_grade"]["letter"] is None
        assert f"{SMALLEST:,}" in analysis["security_grade"]["reason"]
        assert analysis["metrics"]["entropy"]["encrypted"] >= 0
        json.dumps(analysis, allow_nan=False)

    def test_the_smallest_picture_that_is_judged(self):
        analysis = analysis_of(noise(128, 128, lanes=1), ciphers.noise_of(5))
        assert analysis["security_grade"]["letter"] == "A"

    def test_regions_are_never_graded_as_a_whole(self):
        regions = (Region(10, 10, 50, 40), Region(40, 30, 50, 40))
        analysis = analyze(ramp(256, 200), noise(256, 200), regions=regions, key_space_bits=256)
        assert analysis["security_grade"]["letter"] is None
        assert "regions" in analysis["security_grade"]["reason"]
        assert set(verdicts(analysis).values()) == {"not_tested"}
        union = 2 * 50 * 40 - 20 * 20
        assert analysis["regions"] == {"count": 2, "pixels": union, "share_encrypted": union / (256 * 200)}


class TestProgress:
    def test_progress_is_called_and_may_stop_work(self):
        told = []
        analyze(noise(300, 250), noise(300, 250), progress=told.append)
        assert sum(told) == 300 * 250 * 3

        def stop(_):
            raise InterruptedError

        with pytest.raises(InterruptedError):
            analyze(noise(300, 250), noise(300, 250), progress=stop)
