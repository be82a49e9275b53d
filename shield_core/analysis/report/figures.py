"""The charts of a report as simple shapes, for both HTML and PDF: y goes down, one unit is a point."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shield_core.analysis.report import phrases

Role = Literal["original", "encrypted", "line", "muted", "text"]
Picture = Literal["original", "encrypted"]
Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]

SCATTERED: Final = 1_000
"""Points of a printed scatter plot: half of the computed points, spread as evenly, fill it."""

NEIGHBORS: Final = "Each point is a sample and its neighbor. Along a line they are alike; a cloud is noise."

_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 8.0, 26.0, 24.0
_SIDE = 72.0  # of the gauge: room for a word at the outermost mark
_CUT = 8 / 256  # a value eight times as frequent as in noise: with higher peaks everything else would look flat
_LEAST_GAP = 1e-7  # bits: the axis of the gauge is of no use below
_MOST_GAP = 8.0
_REACH = 4.4  # standard deviations: 1 in 100,000 pictures of noise is further away
_PLAIN = 3  # powers of ten that are written out


@dataclass(frozen=True, slots=True)
class Line:
    """A line through points."""

    points: Sequence[Point]
    role: Role
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Area:
    """A faintly filled area."""

    points: Sequence[Point]
    role: Role


@dataclass(frozen=True, slots=True)
class Dots:
    """Small dots, each a point of data."""

    points: Sequence[Point]
    role: Role
    radius: float = 0.8


@dataclass(frozen=True, slots=True)
class Text:
    """Text at a point of its base line."""

    at: Point
    words: str
    role: Role = "muted"
    anchor: Anchor = "start"
    size: float = 9.0


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart: its size, title and description, and its shapes from the back to the front."""

    width: float
    height: float
    title: str
    seen: str
    shapes: tuple[Line | Area | Dots | Text, ...]


def histogram(comparison: Mapping[str, Any], *, width: float = 640, height: float = 220) -> Figure:
    """Draw how often each value occurs in both pictures.

    Args:
        comparison: `charts.histogram_comparison` of an analysis.
        width: in points.
        height: in points.
    """
    shares = {key: _shares(comparison[key]) for key in ("original", "encrypted")}
    highest = max(max(values) for values in shares.values())
    top = min(highest, _CUT) * 1.05
    frame = _Frame(width, height, top)
    lines = {
        key: [frame.at(value, min(share, top)) for value, share in enumerate(values)] for key, values in shares.items()
    }
    ground = [frame.at(255, 0), frame.at(0, 0)]
    cut = f"; peaks over {100 * top:.1f} % are cut" if highest > top else ""
    return Figure(
        width,
        height,
        "Histogram",
        f"Share of each byte value, 0 to 255, in both pictures. Noise is flat{cut}.",
        (
            *frame.grid((0, top / 2, top), (0, 64, 128, 192, 255)),
            Area([*lines["original"], *ground], "original"),
            Line(lines["original"], "original", 0.8),
            Line(lines["encrypted"], "encrypted", 1.6),
            *_key(_LEFT, "original"),
            *_key(_LEFT + 130, "encrypted"),
        ),
    )


def scatter(pairs: Mapping[str, Any], role: Picture, direction: str, r: float | None, *, size: float = 156) -> Figure:
    """Draw samples against their neighbors.

    Args:
        pairs: one entry of `charts.correlation_scatter`.
        role: whose pairs they are.
        direction: of the neighbors.
        r: their coefficient over all pairs.
        size: in points.
    """
    scale = size / pairs["max"]
    step = max(1, math.ceil(len(pairs["x"]) / SCATTERED))
    points = [(x * scale, size - y * scale) for x, y in zip(pairs["x"][::step], pairs["y"][::step], strict=True)]
    coefficient = "r is not defined" if r is None else f"r = {phrases.number(r)}"
    half = size / 2
    return Figure(
        size,
        size,
        "Neighbors",
        f"{role.capitalize()}, {direction}: {coefficient}",
        (
            Line([(0, 0), (size, 0), (size, size), (0, size), (0, 0)], "line"),
            Line([(half, 0), (half, size)], "line", 0.5),
            Line([(0, half), (size, half)], "line", 0.5),
            Dots(points, role),
        ),
    )


def scatters(analysis: Mapping[str, Any], *, size: float = 156) -> Iterator[Figure]:
    """Draw the neighbors of both pictures in all directions, the original's first.

    Args:
        analysis: of `document.analyze`.
        size: of each figure, in points.
    """
    roles: tuple[Picture, ...] = ("original", "encrypted")
    for role in roles:
        for direction, r in analysis["metrics"]["correlation"][role].items():
            pairs = analysis["charts"]["correlation_scatter"][f"{role}_{direction}"]
            yield scatter(pairs, role, direction, r, size=size)


def gauge(gap: Mapping[str, Any], original: float, *, width: float = 640) -> Figure:
    """Draw how far both entropies are from 8 bits, on a logarithmic scale: a linear one would always look full.

    Args:
        gap: `charts.entropy_gauge` of an analysis.
        original: bits per byte of the original.
        width: in points.
    """
    noise = [gap["gap_expected"] + sign * _REACH * gap["gap_sd"] for sign in (-1, 1)]
    decades = math.ceil(-math.log10(max(_LEAST_GAP, min(gap["gap"], noise[0]))))
    axis = _Decades(width, decades)
    first, last = (axis.x(edge) for edge in noise)
    ticks = [
        (axis.x(10.0**-power), f"{10.0**-power:g}" if power < _PLAIN else f"1e-{power}") for power in range(decades + 1)
    ]
    missing = 8 - original
    return Figure(
        width,
        64,
        "Entropy",
        f"Bits per byte missing to 8: original {missing:.4f}, encrypted {gap['gap']:.2g};"
        f" noise lies in the shade, {noise[0]:.2g} to {noise[1]:.2g}. Each step is a tenth of the one before.",
        (
            *(Line([(x, 24), (x, 44)], "line", 0.5) for x, _ in ticks),
            Line([(axis.x(_MOST_GAP), 34), (ticks[-1][0], 34)], "line"),
            Area([(first, 26), (last, 26), (last, 42), (first, 42)], "encrypted"),
            *_mark(axis.x(missing), "original", to_the_left=missing >= gap["gap"]),
            *_mark(axis.x(gap["gap"]), "encrypted", to_the_left=missing < gap["gap"]),
            *(Text((x, 60), words, anchor="middle") for x, words in ticks),
        ),
    )


class _Frame:
    """The axes of a histogram."""

    def __init__(self, width: float, height: float, top: float) -> None:
        self._across, self._along = width - _LEFT - _RIGHT, height - _TOP - _BOTTOM
        self._top = top

    def at(self, value: float, share: float) -> Point:
        return _LEFT + self._across * value / 255, _TOP + self._along * (1 - share / self._top)

    def grid(self, shares: Sequence[float], values: Sequence[int]) -> Iterator[Line | Text]:
        for share in shares:
            start, end = self.at(0, share), self.at(255, share)
            yield Line([start, end], "line", 0.5)
            yield Text((start[0] - 6, start[1] + 3), f"{100 * share:.2g} %", anchor="end")
        for value in values:
            x, y = self.at(value, 0)
            yield Text((x, y + 18), str(value), anchor="end" if value == values[-1] else "middle")


class _Decades:
    """A logarithmic scale that falls to the right, from a gap of 8 bits to almost none."""

    def __init__(self, width: float, decades: int) -> None:
        self._first, self._last = math.log10(_MOST_GAP), -float(decades)
        self._width = width - 2 * _SIDE

    def x(self, gap: float) -> float:
        place = math.log10(max(gap, 10**self._last))
        return _SIDE + self._width * (self._first - place) / (self._first - self._last)


def _mark(x: float, role: Picture, *, to_the_left: bool) -> tuple[Line, Text]:
    return Line([(x, 20), (x, 48)], role, 2.4), Text((x, 14), role, role, "end" if to_the_left else "start")


def _key(x: float, role: Picture) -> tuple[Line, Text]:
    return Line([(x, 11), (x + 14, 11)], role, 2.4), Text((x + 20, 14), role)


def _shares(counts: Sequence[int]) -> list[float]:
    total = sum(counts)
    return [count / total for count in counts]
