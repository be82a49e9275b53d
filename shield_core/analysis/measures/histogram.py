"""Pearson's chi-square of a histogram of bytes against the uniform distribution."""

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures.distributions import chi_square_lower, chi_square_upper
from shield_core.analysis.measures.findings import Finding, find

DEGREES = 255


def chi_square(counts: NDArray[np.int64]) -> float:
    """Compute Pearson's statistic against 256 equally frequent values.

    Args:
        counts: int64 (256,), how often each value occurs; not all 0.

    Source: Pearson 1900, doi:10.1080/14786440009463897.
    """
    total = int(counts.sum())
    return (counts.size * int(counts @ counts) - total * total) / total


def p_value(statistic: float) -> float:
    """Compute how often noise is at least as uneven: the upper tail with 255 degrees of freedom.

    Args:
        statistic: of `chi_square`.
    """
    return chi_square_upper(statistic, degrees=DEGREES)


def judge(counts: NDArray[np.int64]) -> Finding:
    """Judge a histogram on both sides: a histogram that is too even is not noise either.

    Args:
        counts: int64 (256,).
    """
    statistic = chi_square(counts)
    return find("chi_square", "", statistic, expected=DEGREES, sd=(2 * DEGREES) ** 0.5, p_value=two_sided(statistic))


def two_sided(statistic: float) -> float:
    """Compute twice the smaller tail, at most 1.

    Args:
        statistic: one that follows chi-square with 255 degrees of freedom for noise.
    """
    return min(1.0, 2 * min(p_value(statistic), chi_square_lower(statistic, degrees=DEGREES)))
