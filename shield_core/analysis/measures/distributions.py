"""Tail probabilities of the chi-square, normal and binomial distributions, without SciPy."""

import math
from typing import Final

_TINY: Final = 1e-300
_PRECISION: Final = 1e-16
_SETTLED: Final = 1e-14  # rounding keeps the last factors a few units in the last place away from 1


def chi_square_upper(statistic: float, *, degrees: int) -> float:
    """Compute the probability that a chi-square variable is at least `statistic`.

    Args:
        statistic: 0 or more.
        degrees: of freedom, at least 1.

    Source: NIST Digital Library of Mathematical Functions, 8.2.4 with 8.9.2 (continued fraction) and 8.7.1 (series).
    """
    return _gamma_tails(degrees / 2, statistic / 2)[1]


def chi_square_lower(statistic: float, *, degrees: int) -> float:
    """Compute the probability that a chi-square variable is at most `statistic`; precise even where it is tiny.

    Args:
        statistic: 0 or more.
        degrees: of freedom, at least 1.

    Source: as `chi_square_upper`.
    """
    return _gamma_tails(degrees / 2, statistic / 2)[0]


def normal_two_sided(deviation: float) -> float:
    """Compute the probability that a normal variable is at least `deviation` standard deviations from its mean.

    Args:
        deviation: of either sign.

    Source: NIST Digital Library of Mathematical Functions, 7.2.2.
    """
    return math.erfc(abs(deviation) / math.sqrt(2))


def binomial_two_sided(successes: int, *, trials: int, chance: float) -> float:
    """Compute twice the smaller tail of a binomial variable, at most 1; the normal approximation ignores its skew.

    Args:
        successes: 0 to trials.
        trials: at least 1.
        chance: of each, between 0 and 1.

    Source: Johnson, Kemp & Kotz 2005, Univariate Discrete Distributions, chapter 3.
    """
    if successes > trials * chance:
        return min(1.0, 2 * _tail(trials - successes, trials, 1 - chance))
    return min(1.0, 2 * _tail(successes, trials, chance))


def _tail(most: int, trials: int, chance: float) -> float:
    """Sum the probabilities of `most` successes and fewer, downwards: they fall because `most` is below the mean."""
    term = math.exp(
        math.lgamma(trials + 1)
        - math.lgamma(most + 1)
        - math.lgamma(trials - most + 1)
        + most * math.log(chance)
        + (trials - most) * math.log1p(-chance)
    )
    total, odds = 0.0, (1 - chance) / chance
    for successes in range(most, -1, -1):
        total += term
        if term <= total * _PRECISION:
            break
        term *= successes * odds / (trials - successes + 1)
    return total


def _gamma_tails(a: float, x: float) -> tuple[float, float]:
    """Compute the regularized incomplete gamma functions P(a, x) and Q(a, x); the smaller one is computed directly."""
    if x <= 0:
        return 0.0, 1.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1:
        lower = front * _series(a, x)
        return lower, 1 - lower
    upper = front * _fraction(a, x)
    return 1 - upper, upper


def _series(a: float, x: float) -> float:
    term = total = 1 / a
    n = a
    while term > total * _PRECISION:
        n += 1
        term *= x / n
        total += term
    return total


def _fraction(a: float, x: float) -> float:
    """Evaluate the continued fraction by Lentz's method, as modified by Thompson and Barnett 1986."""
    b = x + 1 - a
    c, d = 1 / _TINY, 1 / b
    value, i, factor = d, 0, 0.0
    while abs(factor - 1) > _SETTLED:
        i += 1
        step = -i * (i - a)
        b += 2
        d = 1 / _safe(step * d + b)
        c = _safe(b + step / c)
        factor = c * d
        value *= factor
    return value


def _safe(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
