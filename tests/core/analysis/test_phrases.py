import pytest

from shield_core.analysis.report import phrases
from shield_core.analysis.report.phrases import LONGEST_NAME


class TestNumber:
    @pytest.mark.parametrize(
        ("value", "unit", "sd", "text"),
        [
            (None, "", None, "-"),
            (7.99975525, "bits per byte", 2.07e-5, "7.999755"),
            (7.4718, "bits per byte", None, "7.4718"),
            (99.609375, "%", 0.007, "99.6094 %"),
            (266.82, "", 22.6, "267"),
            (2_451_244.06, "", None, "2,451,244"),
            (0.98137, "", None, "0.9814"),
            (-0.00001, "", 0.001, "0.0000"),
            (256, "", None, "256"),
            (3.5, "", 1e-30, "3.500000000"),
        ],
    )
    def test_digits_follow_the_deviation(self, value, unit, sd, text):
        assert phrases.number(value, unit=unit, sd=sd) == text


class TestDeviationAndProbability:
    @pytest.mark.parametrize(("value", "text"), [(None, "-"), (0.5, "+0.50"), (-3.25, "-3.25"), (-25_486.3, "-25,486")])
    def test_deviation(self, value, text):
        assert phrases.deviation(value) == text

    @pytest.mark.parametrize(
        ("value", "text"), [(None, "-"), (1.0, "1.000"), (0.0123, "0.012"), (1.2e-7, "1e-07"), (0, "< 1e-300")]
    )
    def test_probability(self, value, text):
        assert phrases.probability(value) == text


class TestName:
    def test_ordinary_names_stay(self):
        assert phrases.name("Überseehafen 日本語.png") == "Überseehafen 日本語.png"
        assert phrases.name(None) is None

    @pytest.mark.parametrize(
        "hidden", ["\x00", "\x1b", "\n", "\u202e", "\u2066", "\u200b", "\u2028", "\ud800", "\ufeff"]
    )
    def test_hidden_and_turning_characters_are_shown_as_missing(self, hidden):
        assert phrases.name(f"a{hidden}b") == "a\ufffdb"

    def test_long_names_keep_both_ends(self):
        name = phrases.name("begin" + "x" * 100_000 + "end.png")
        assert len(name) <= LONGEST_NAME
        assert name.startswith("begin")
        assert name.endswith("end.png")
        assert "…" in name
