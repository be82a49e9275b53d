"""Everything that is counted on all samples of a picture, in exact integers."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.picture import Picture

DIRECTIONS: Final = ("horizontal", "vertical", "diagonal")
Rows = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sums over pairs of neighbors x, y in one direction: how many, and the sums of x, y, x², y² and xy."""

    count: int
    x: int
    y: int
    xx: int
    yy: int
    xy: int


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted of one picture: `counts` is int64 (bytes per pixel, 256), `pairs` has the three directions."""

    counts: NDArray[np.int64] = field(repr=False)
    pairs: dict[str, Pairs]

    @property
    def total(self) -> NDArray[np.int64]:
        """The histogram of all bytes, int64 (256,)."""
        return self.counts.sum(axis=0)


@dataclass(frozen=True, slots=True)
class Differences:
    """What was counted of two pictures, sample by sample: how many, how many equal, sums of |p - c| and (p - c)²."""

    count: int
    equal: int
    absolute: int
    squared: int


def count(picture: Picture) -> Tally:
    """Count one picture."""
    rows = picture.rows()
    counts = np.stack([np.bincount(lane, minlength=256) for lane in picture.samples.T])
    step = picture.channels
    shifts = {
        "horizontal": (rows[:, :-step], rows[:, step:]),
        "vertical": (rows[:-1], rows[1:]),
        "diagonal": (rows[:-1, :-step], rows[1:, step:]),
    }
    return Tally(counts, {name: _pairs(*pair) for name, pair in shifts.items()})


def compare(original: Picture, encrypted: Picture) -> Differences:
    """Compare two pictures of the same size and kind."""
    gaps = original.rows().astype(np.int64) - encrypted.rows()
    return Differences(gaps.size, int(np.count_nonzero(gaps == 0)), int(np.abs(gaps).sum()), int((gaps * gaps).sum()))


def _pairs(x: Rows, y: Rows) -> Pairs:
    x, y = x.astype(np.int64), y.astype(np.int64)
    return Pairs(x.size, *(int(part.sum()) for part in (x, y, x * x, y * y, x * y)))
