"""NPCR and UACI: the differences between two pictures, with critical values for any size and depth.

In the formulas F is the greatest value of a sample, 255 or 65,535, and n the number of samples.
"""

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures.distributions import binomial_two_sided, normal_two_sided
from shield_core.analysis.measures.findings import Finding, find
from shield_core.analysis.measures.tally import Differences

ALPHAS: Final = (0.05, 0.01, 0.001)
"""The significance levels of the published tables."""

PERCENT: Final = "%"


def npcr(differences: Differences, *, top: int = 0) -> float:  # noqa: ARG001 - called like `uaci`
    """Compute the number of pixels change rate: the share of samples that differ, in percent.

    Args:
        differences: of two pictures.
        top: not used.

    Source: Chen, Mao & Chui 2004, doi:10.1016/j.chaos.2003.12.022.
    """
    return 100 * (differences.count - differences.equal) / differences.count


def uaci(differences: Differences, *, top: int) -> float:
    """Compute the unified average changing intensity: the mean of |p - c| / F, in percent.

    Args:
        differences: of two pictures.
        top: F.

    Source: as `npcr`.
    """
    return 100 * differences.absolute / (differences.count * top)


def npcr_of_noise(n: int, *, top: int) -> tuple[float, float]:
    """Compute mean and standard deviation of the NPCR of two independent pictures of noise, in percent.

    Args:
        n: samples.
        top: F.

    Source: Wu, Noonan & Agaian 2011, NPCR and UACI Randomness Tests for Image Encryption.
    """
    return 100 * top / (top + 1), 100 * math.sqrt(top / n) / (top + 1)


def uaci_of_noise(n: int, *, top: int) -> tuple[float, float]:
    """Compute mean and standard deviation of the UACI of two independent pictures of noise, in percent.

    Args:
        n: samples.
        top: F.

    Source: Wu, Noonan & Agaian 2011, as `npcr_of_noise`.
    """
    variance = (top + 2) * (top**2 + 2 * top + 3) / (18 * (top + 1) ** 2 * top * n)
    return 100 * (top + 2) / (3 * top + 3), 100 * math.sqrt(variance)


def critical_npcr(n: int, *, top: int) -> Mapping[str, float]:
    """Compute the NPCR that noise stays below with the probability alpha, in percent, for each of `ALPHAS`.

    Args:
        n: samples.
        top: F.

    Source: Wu, Noonan & Agaian 2011, as `npcr_of_noise`.
    """
    mean, sd = npcr_of_noise(n, top=top)
    return {str(alpha): mean + NormalDist().inv_cdf(alpha) * sd for alpha in ALPHAS}


def critical_uaci(n: int, *, top: int) -> Mapping[str, list[float]]:
    """Compute the interval that the UACI of noise lies outside of with the probability alpha, for each of `ALPHAS`.

    In percent.

    Args:
        n: samples.
        top: F.

    Source: Wu, Noonan & Agaian 2011, as `npcr_of_noise`.
    """
    mean, sd = uaci_of_noise(n, top=top)
    reach = {alpha: NormalDist().inv_cdf(1 - alpha / 2) * sd for alpha in ALPHAS}
    return {str(alpha): [mean - half, mean + half] for alpha, half in reach.items()}


def judge_npcr(name: str, differences: Differences, *, top: int) -> Finding:
    """Judge an NPCR. For noise, the number of equal samples is binomial for any other picture.

    Args:
        name: of the test.
        differences: between noise and anything independent of it.
        top: F.
    """
    mean, sd = npcr_of_noise(differences.count, top=top)
    p = binomial_two_sided(differences.equal, trials=differences.count, chance=1 / (top + 1))
    return find(name, PERCENT, npcr(differences), expected=mean, sd=sd, p_value=p)


def judge_uaci(name: str, differences: Differences, *, top: int) -> Finding:
    """Judge the UACI between two pictures of noise.

    Args:
        name: of the test.
        differences: between them.
        top: F.
    """
    mean, sd = uaci_of_noise(differences.count, top=top)
    return _judge(name, uaci(differences, top=top), mean, sd)


def judge_uaci_from(name: str, differences: Differences, values: NDArray[np.int64]) -> Finding:
    """Judge the UACI between a picture and noise: the expected value depends on the values of the picture.

    Args:
        name: of the test.
        differences: between them.
        values: int64 (F + 1,), how often each value occurs in the picture.

    Source: for U uniform on 0 … F, E|p - U| = (2p² - 2pF + F² + F) / (2F + 2) and E(p - U)² = p² - pF + F(2F + 1)/6.
    """
    top = len(values) - 1
    p = np.arange(top + 1, dtype=np.float64)
    mean = (2 * p * p - 2 * p * top + top * top + top) / (2 * top + 2)
    variance = p * p - p * top + top * (2 * top + 1) / 6 - mean * mean
    share = values / differences.count
    sd = math.sqrt(float(share @ variance) / differences.count)
    return _judge(name, uaci(differences, top=top), 100 * float(share @ mean) / top, 100 * sd / top)


def _judge(name: str, value: float, mean: float, sd: float) -> Finding:
    return find(name, PERCENT, value, expected=mean, sd=sd, p_value=normal_two_sided((value - mean) / sd))
