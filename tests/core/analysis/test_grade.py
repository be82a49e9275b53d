import pytest

from shield_core.analysis.grade import SCALE, grade
from shield_core.analysis.measures.findings import FALSE_ALARM, Finding, Verdict, find

NOISE = ["entropy", "chi_square", "correlation_horizontal", "correlation_vertical", "correlation_diagonal"]
BETWEEN = ["npcr_between_ciphertexts", "uaci_between_ciphertexts"]


def findings(*failed, without=()):
    return [
        Finding(name, "", reason="no cipher")
        if name in without
        else find(name, "", 1.0, expected=0.0, sd=1.0, p_value=0.0 if name in failed else 0.5)
        for name in NOISE + BETWEEN
    ]


def letter(*failed, bits=256, without=()):
    return grade(findings(*failed, without=without), key_space_bits=bits, withheld=None)["letter"]


class TestLetter:
    def test_all_passed(self):
        assert letter() == "A"

    def test_without_two_ciphertexts_no_a(self):
        assert letter(without=BETWEEN) == "B"

    def test_without_a_key_space_no_a(self):
        assert letter(bits=None) == "B"

    def test_impossible_test_does_not_lower_the_letter(self):
        assert letter(without=["correlation_horizontal"]) == "A"

    @pytest.mark.parametrize(("failures", "expected"), [(1, "C"), (2, "D"), (3, "F"), (5, "F")])
    def test_each_failure_costs(self, failures, expected):
        assert letter(*NOISE[:failures]) == expected

    @pytest.mark.parametrize("name", BETWEEN)
    def test_a_failure_between_ciphertexts_is_grave(self, name):
        assert letter(name) == "F"

    @pytest.mark.parametrize(("bits", "expected"), [(256, "A"), (128, "A"), (127, "F"), (56, "F"), (0, "F")])
    def test_key_space(self, bits, expected):
        assert letter(bits=bits) == expected

    def test_every_letter_is_explained(self):
        assert list(SCALE) == list("ABCDF")


class TestRules:
    def test_each_rule_says_value_threshold_and_outcome(self):
        rules = grade(findings("entropy", without=BETWEEN), key_space_bits=256, withheld=None)["rules"]
        assert [rule["id"] for rule in rules] == [*NOISE, *BETWEEN, "key_space"]
        by_id = {rule["id"]: rule for rule in rules}
        assert by_id["entropy"] == {
            "id": "entropy",
            "name": "Entropy, bits per byte",
            "rule": "p-value at least",
            "value": 0.0,
            "threshold": FALSE_ALARM,
            "passed": False,
            "reason": None,
        }
        assert by_id["chi_square"]["passed"] is True
        assert (by_id["npcr_between_ciphertexts"]["passed"], by_id["npcr_between_ciphertexts"]["reason"]) == (
            None,
            "no cipher",
        )
        assert (by_id["key_space"]["value"], by_id["key_space"]["threshold"]) == (256, 128)

    def test_false_alarm_bound_counts_only_made_tests(self):
        alarm = grade(findings(without=BETWEEN), key_space_bits=256, withheld=None)["false_alarm"]
        assert alarm == {"per_test": 1e-5, "tests": 5, "at_most": pytest.approx(5e-5)}

    def test_withheld_keeps_the_rules_and_says_why(self):
        found = grade(findings(), key_space_bits=256, withheld="too small")
        assert (found["letter"], found["reason"]) == (None, "too small")
        assert len(found["rules"]) == 8


class TestVerdict:
    @pytest.mark.parametrize(
        ("p_value", "verdict"),
        [
            (1.0, "as_expected"),
            (0.001, "as_expected"),
            (0.000_99, "unusual"),
            (1e-5, "unusual"),
            (9.9e-6, "failed"),
            (0, "failed"),
        ],
    )
    def test_limits(self, p_value, verdict):
        assert find("x", "", 1.0, expected=0.0, sd=1.0, p_value=p_value).verdict is Verdict(verdict)

    def test_unusual_is_no_failure(self):
        odd = find("entropy", "", 1.0, expected=0.0, sd=1.0, p_value=1e-4)
        graded = grade([odd, *findings()[1:]], key_space_bits=256, withheld=None)
        assert graded["rules"][0]["passed"] is True
        assert graded["letter"] == "A"
