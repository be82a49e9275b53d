"""Statistics: quantiles and slopes."""

import math
import re


def share(values, part):
    """Return a quantile: the value that this part of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def quantile_of_buckets(before, after, part):
    """Return an upper bound of a quantile: the bound of its bucket in the histogram of samples between two readings."""
    counts = sorted((float(re.search(r'le="([^"]+)"', labels)[1]), after[labels] - before.get(labels, 0))
                    for labels in after)  # fmt: skip
    total = counts[-1][1]
    return next(bound for bound, count in counts if count >= part * total)


def slope(points):
    """Return the slope of y over x by least squares."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0
