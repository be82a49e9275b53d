"""Numbers out of many numbers."""

import math
import re


def share(values, part):
    """Return the value that this part of them does not exceed: 0.95 of the requests took no longer."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(part * len(ordered)) - 1)]


def quantile_of_buckets(before, after, part):
    """Return the bound of the bucket that the quantile of what came between lies in: never less than it is."""
    counts = sorted((float(re.search(r'le="([^"]+)"', labels)[1]), after[labels] - before.get(labels, 0))
                    for labels in after)  # fmt: skip
    total = counts[-1][1]
    return next(bound for bound, count in counts if count >= part * total)


def slope(points):
    """Return by how much y grows with x, by least squares."""
    x_mean = sum(x for x, _ in points) / len(points)
    y_mean = sum(y for _, y in points) / len(points)
    spread = sum((x - x_mean) ** 2 for x, _ in points)
    return sum((x - x_mean) * (y - y_mean) for x, y in points) / spread if spread else 0.0
