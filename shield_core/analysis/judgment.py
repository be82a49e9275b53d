"""The statistical tests of an encrypted picture, in order, with a reason for each test that cannot be made."""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures import correlation, differential, fidelity, histogram, shannon
from shield_core.analysis.measures.findings import Finding, Verdict
from shield_core.analysis.measures.picture import Picture
from shield_core.analysis.measures.tally import DIRECTIONS, Differences, Tally

NO_CIPHER: Final = "the cipher did not run again here, and this takes two encryptions of almost the same picture"
OTHER_SIZE: Final = "the encrypted picture holds a file and has another size than the original"


@dataclass(frozen=True, slots=True)
class Counted:
    """All counts; None for a count that could not be made."""

    original: Tally
    encrypted: Tally
    against: Differences | None
    between: Differences | None


def judge(original: Picture, counted: Counted, *, unjudged: str | None) -> tuple[Finding, ...]:
    """Run every test.

    Args:
        original: the picture that `counted.against` compares with.
        counted: the counts of the original and of the encrypted picture.
        unjudged: why nothing is judged, or None.
    """
    findings = (*_of_noise(counted.encrypted), *_between(counted, original.top), *_against(counted, original))
    return findings if unjudged is None else tuple(_leave(finding, unjudged) for finding in findings)


def _of_noise(encrypted: Tally) -> tuple[Finding, ...]:
    counts = encrypted.counts.sum(axis=0)
    return (
        shannon.judge(counts),
        histogram.judge(counts),
        *(correlation.judge(direction, encrypted.pairs[direction]) for direction in DIRECTIONS),
    )


def _between(counted: Counted, top: int) -> tuple[Finding, ...]:
    names = ("npcr_between_ciphertexts", "uaci_between_ciphertexts")
    if counted.between is None:
        return tuple(Finding(name, differential.PERCENT, reason=NO_CIPHER) for name in names)
    return (
        differential.judge_npcr(names[0], counted.between, top=top),
        differential.judge_uaci(names[1], counted.between, top=top),
    )


def _against(counted: Counted, original: Picture) -> tuple[Finding, ...]:
    names = ("npcr_original_vs_encrypted", "uaci_original_vs_encrypted", "mse_original_vs_encrypted")
    if counted.against is None:
        return tuple(Finding(name, "", reason=OTHER_SIZE) for name in names)
    values = _values(original, counted.original)
    return (
        differential.judge_npcr(names[0], counted.against, top=original.top),
        differential.judge_uaci_from(names[1], counted.against, values),
        fidelity.judge_mse(names[2], counted.against, values),
    )


def _values(original: Picture, tally: Tally) -> NDArray[np.int64]:
    """Count how often each value of a sample occurs; for 8-bit samples that is the histogram."""
    if original.bit_depth == 8:  # noqa: PLR2004 - bits
        return tally.total
    return np.bincount(original.rows().reshape(-1), minlength=original.top + 1)


def _leave(finding: Finding, reason: str) -> Finding:
    return replace(
        finding,
        expected=None,
        sd=None,
        deviation=None,
        p_value=None,
        verdict=Verdict.NOT_TESTED,
        reason=finding.reason or reason,
    )
