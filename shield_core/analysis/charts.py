"""The data of a report's charts: histograms, pairs of neighbors, and the gap between the entropy and 8 bits."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures.findings import Finding
from shield_core.analysis.measures.picture import Picture
from shield_core.analysis.measures.tally import DIRECTIONS, Tally

MAX_POINTS: Final = 2_000
"""Points of a scatter plot. More would hide each other, and a browser downloads every one."""

MAX_ENTROPY: Final = 8.0

_SHIFTS: Final = {"horizontal": (1, 0), "vertical": (0, 1), "diagonal": (1, 1)}
# Powers of the plastic number: the R2 sequence, Roberts 2018, The Unreasonable Effectiveness of Quasirandom Sequences.
_R2: Final = (0.7548776662466927, 0.5698402909980532)


def draw_histograms(original: Picture, encrypted: Picture, counts: tuple[Tally, Tally]) -> dict[str, Any]:
    """Return the histograms of both pictures, of all bytes together and by channel.

    Args:
        original: for the names of its channels.
        encrypted: for the names of its channels.
        counts: of the original and of the encrypted picture.

    Returns:
        `original` and `encrypted`, 256 integers each, and `channels` with a list of `{"name", "counts"}` for both.
    """
    named = {"original": (original, counts[0]), "encrypted": (encrypted, counts[1])}
    return {key: tally.counts.sum(axis=0).tolist() for key, (_, tally) in named.items()} | {
        "channels": {
            key: [
                {"name": name, "counts": lane.tolist()}
                for name, lane in zip(picture.byte_names, tally.counts, strict=True)
            ]
            for key, (picture, tally) in named.items()
        }
    }


def scatter(original: Picture, encrypted: Picture) -> dict[str, Any]:
    """Choose pairs of neighbors, spread over each picture; the choice is the same every time.

    Args:
        original: any picture.
        encrypted: any picture.

    Returns:
        `original_horizontal`, …, `encrypted_diagonal`: `{"x", "y", "max"}`, the samples, their neighbors to the right
        or below, and the greatest possible value.
    """
    return {
        f"{key}_{direction}": _pairs(picture, direction)
        for key, picture in (("original", original), ("encrypted", encrypted))
        for direction in DIRECTIONS
    }


def gauge(entropy: Finding) -> dict[str, Any]:
    """Return an entropy as a percentage of 8 bits, and its gap to 8 bits compared with the gap of noise.

    Args:
        entropy: of the encrypted picture.

    Returns:
        `current`, `max`, `percentage`, `gap`, and for noise `gap_expected` and `gap_sd`, in bits per byte.
    """
    assert entropy.value is not None
    assert entropy.expected is not None
    return {
        "current": entropy.value,
        "max": MAX_ENTROPY,
        "percentage": 100 * entropy.value / MAX_ENTROPY,
        "gap": MAX_ENTROPY - entropy.value,
        "gap_expected": MAX_ENTROPY - entropy.expected,
        "gap_sd": entropy.sd,
    }


def _pairs(picture: Picture, direction: str) -> dict[str, Any]:
    right, down = _SHIFTS[direction]
    here, lane = _places(picture, picture.width - right, picture.height - down)
    there = here + down * picture.width + right
    return {"x": _take(picture, here, lane), "y": _take(picture, there, lane), "max": picture.top}


def _places(picture: Picture, across: int, along: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose pixels and channels: all of a small picture, otherwise points of a low-discrepancy sequence."""
    channels = picture.channels
    if across * along * channels <= MAX_POINTS:
        index = np.arange(across * along * channels)
        pixel = index // channels
        return pixel // max(1, across) * picture.width + pixel % max(1, across), index % channels
    index = np.arange(MAX_POINTS)
    column, row = (np.modf(0.5 + index * step)[0] * size for step, size in zip(_R2, (across, along), strict=True))
    return row.astype(np.int64) * picture.width + column.astype(np.int64), index % channels


def _take(picture: Picture, pixels: NDArray[np.int64], lane: NDArray[np.int64]) -> list[int]:
    if picture.bit_depth == 8:  # noqa: PLR2004 - bits
        return list(picture.samples[pixels, lane].tolist())
    high, low = picture.samples[pixels].astype(np.int64).T
    return list((high << 8 | low).tolist())
