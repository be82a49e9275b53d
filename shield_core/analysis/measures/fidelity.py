"""The similarity of two pictures: mean squared error and peak signal-to-noise ratio."""

import math

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures.distributions import normal_two_sided
from shield_core.analysis.measures.findings import Finding, find
from shield_core.analysis.measures.tally import Differences


def mse(differences: Differences) -> float:
    """Compute the mean of (p - c)².

    Source: ITU-T J.340 (2010).
    """
    return differences.squared / differences.count


def psnr_db(differences: Differences, *, top: int) -> float | None:
    """Compute the peak signal-to-noise ratio in decibels, or None where the pictures are equal: it is infinite then.

    Args:
        differences: of two pictures.
        top: the greatest value of a sample.

    Source: as `mse`.
    """
    return 10 * math.log10(top * top / mse(differences)) if differences.squared else None


def judge_mse(name: str, differences: Differences, values: NDArray[np.int64]) -> Finding:
    """Judge the error between a picture and noise. It is too small or too large if the noise depends on the picture.

    Args:
        name: of the test.
        differences: between them.
        values: int64 (top + 1,), how often each value occurs in the picture.

    Source: mean and variance of (p - U)² for U uniform on 0 … top, summed over all of its values.
    """
    mean, variance = _moments(len(values) - 1)
    share = values / differences.count
    sd = math.sqrt(float(share @ variance) / differences.count)
    expected, value = float(share @ mean), mse(differences)
    return find(name, "", value, expected=expected, sd=sd, p_value=normal_two_sided((value - expected) / sd))


def _moments(top: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and variance of (p - U)² for each p, from the power sums of U about the middle of its range."""
    squares: NDArray[np.float64] = (np.arange(top + 1, dtype=np.float64) - top / 2) ** 2
    second, fourth = float(squares.mean()), float((squares**2).mean())
    mean = squares + second
    return mean, squares**2 + 6 * squares * second + fourth - mean**2
