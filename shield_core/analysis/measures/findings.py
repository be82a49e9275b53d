"""Findings: a measured number, the number expected of noise, and the verdict."""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Final

FALSE_ALARM: Final = 1e-5
"""How often one test fails on true noise. Ten tests of a picture then fail at most once in 10,000 pictures, by Boole's
inequality; a bad cipher is off by hundreds of standard deviations, so the strict limit misses little."""

UNUSUAL: Final = 1e-3
"""How often one test calls true noise unusual: worth a second look, but not a failure."""


class Verdict(StrEnum):
    """The meaning of a p-value."""

    AS_EXPECTED = "as_expected"
    UNUSUAL = "unusual"
    FAILED = "failed"
    NOT_TESTED = "not_tested"


@dataclass(frozen=True, slots=True)
class Finding:
    """One test.

    `value`, `expected` and `sd` (standard deviation) are in `unit`; `deviation` is (value - expected) / sd; `p_value`
    is how often true noise is at least as far away, on either side. All are None where the test was not made, and
    `reason` says why.
    """

    id: str
    unit: str
    value: float | None = None
    expected: float | None = None
    sd: float | None = None
    deviation: float | None = None
    p_value: float | None = None
    verdict: Verdict = Verdict.NOT_TESTED
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the finding as plain values."""
        return {field.name: getattr(self, field.name) for field in fields(self)} | {"verdict": self.verdict.value}


def find(id_: str, unit: str, value: float, *, expected: float, sd: float, p_value: float) -> Finding:
    """Judge a number.

    Args:
        id_: of the test.
        unit: of `value`, `expected` and `sd`.
        value: as measured.
        expected: the mean for noise.
        sd: the standard deviation for noise, greater than 0.
        p_value: two-sided.
    """
    verdict = Verdict.AS_EXPECTED
    if p_value < UNUSUAL:
        verdict = Verdict.FAILED if p_value < FALSE_ALARM else Verdict.UNUSUAL
    return Finding(id_, unit, value, expected, sd, (value - expected) / sd, p_value, verdict)
