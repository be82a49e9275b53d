"""The security grade: a letter, and the rules that it is derived from."""

from collections.abc import Sequence
from typing import Any, Final

from shield_core.analysis.caveats import TESTS
from shield_core.analysis.measures.findings import FALSE_ALARM, Finding, Verdict

LEAST_KEY_SPACE: Final = 128
"""Bits. NIST SP 800-57 Part 1 Rev. 5, table 4: 128 bits of strength are acceptable beyond 2030."""

SCALE: Final = {
    "A": "every test that can be made on this picture was made and passed",
    "B": "no test failed, but two ciphertexts were not compared or the key space is not known",
    "C": "one test of noise failed",
    "D": "two tests of noise failed",
    "F": "three failed, or one between ciphertexts, or the key space has fewer than 128 bits",
}

_GRAVE: Final = ("npcr_between_ciphertexts", "uaci_between_ciphertexts", "key_space")
_LETTERS: Final = "CD"


def grade(findings: Sequence[Finding], *, key_space_bits: int | None, withheld: str | None) -> dict[str, Any]:
    """Derive the letter.

    Args:
        findings: every test of the encrypted picture, including those that were not made.
        key_space_bits: of the cipher, or None where it is not known.
        withheld: why there is no letter, or None.

    Returns:
        `letter` or null, `reason` (why it is withheld), `rules` with `id`, `name`, `rule`, `value`, `threshold`,
        `passed` (null: not tested) and `reason`, `scale`, and `false_alarm` with `per_test`, `tests` and `at_most`: how
        often true noise does not get an A.
    """
    rules = [_rule(finding) for finding in findings] + [_key_rule(key_space_bits)]
    made = sum(finding.verdict is not Verdict.NOT_TESTED for finding in findings)
    return {
        "letter": None if withheld else _letter(rules),
        "reason": withheld,
        "rules": rules,
        "scale": dict(SCALE),
        "false_alarm": {"per_test": FALSE_ALARM, "tests": made, "at_most": made * FALSE_ALARM},
    }


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.id,
        "name": TESTS[finding.id].name,
        "rule": "p-value at least",
        "value": finding.p_value,
        "threshold": FALSE_ALARM,
        "passed": None if finding.verdict is Verdict.NOT_TESTED else finding.verdict is not Verdict.FAILED,
        "reason": finding.reason,
    }


def _key_rule(bits: int | None) -> dict[str, Any]:
    return {
        "id": "key_space",
        "name": TESTS["key_space"].name,
        "rule": "bits at least",
        "value": bits,
        "threshold": LEAST_KEY_SPACE,
        "passed": None if bits is None else bits >= LEAST_KEY_SPACE,
        "reason": "the cipher is not known" if bits is None else None,
    }


def _letter(rules: Sequence[dict[str, Any]]) -> str:
    failed = [rule["id"] for rule in rules if rule["passed"] is False]
    if len(failed) > len(_LETTERS) or set(failed) & set(_GRAVE):
        return "F"
    if failed:
        return _LETTERS[len(failed) - 1]
    return "B" if any(rule["passed"] is None for rule in rules if rule["id"] in _GRAVE) else "A"
