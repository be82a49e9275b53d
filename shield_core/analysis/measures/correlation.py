"""The correlation of neighboring samples: Pearson's coefficient over all pairs of a picture."""

import math

from shield_core.analysis.measures.distributions import normal_two_sided
from shield_core.analysis.measures.findings import Finding, find
from shield_core.analysis.measures.tally import Pairs

FEWEST_PAIRS = 1024
"""With fewer pairs the coefficient of noise is not close enough to normal for a limit of 1 in 100,000."""

_GUARD = 64  # fractional bits that the root keeps


def coefficient(pairs: Pairs) -> float | None:
    """Compute Pearson's r from exact sums, each channel about its own mean.

    With one mean for all channels, channels of different brightness would look like similar neighbors.

    Args:
        pairs: the sums of one direction.

    Returns:
        -1.0 to 1.0, or None where it is not defined: there are no pairs, or one side has only one value.

    Source: Pearson 1896, doi:10.1098/rsta.1896.0007.
    """
    each = pairs.count // len(pairs.x)
    spread_x = each * pairs.xx - sum(x * x for x in pairs.x)
    spread_y = each * pairs.yy - sum(y * y for y in pairs.y)
    if spread_x <= 0 or spread_y <= 0:
        return None
    common = each * pairs.xy - sum(x * y for x, y in zip(pairs.x, pairs.y, strict=True))
    # Products of sums overflow a double's 53 bits: everything stays an integer until the one division.
    root = math.isqrt((spread_x * spread_y) << (2 * _GUARD))
    return max(-1.0, min(1.0, (common << _GUARD) / root))


def judge(direction: str, pairs: Pairs) -> Finding:
    """Judge the coefficient of a direction: for noise it has mean 0 and a standard deviation of 1/sqrt(pairs).

    Args:
        direction: horizontal, vertical or diagonal.
        pairs: the sums of that direction.

    Source: Box, Jenkins & Reinsel 2008, Time Series Analysis, 2.1.6 (Bartlett's large-lag standard error).
    """
    name, r = f"correlation_{direction}", coefficient(pairs)
    if r is None or pairs.count < FEWEST_PAIRS:
        reason = f"{pairs.count:,} pairs of neighbors; {FEWEST_PAIRS:,} with different values are needed"
        return Finding(name, "", value=r, reason=reason)
    sd = 1 / math.sqrt(pairs.count)
    return find(name, "", r, expected=0.0, sd=sd, p_value=normal_two_sided(r / sd))
