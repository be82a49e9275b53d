"""Exact integer counts over all samples of two pictures, in one pass.

A picture is read as one long row. A sample and its neighbor are a fixed distance apart in it, so the sum of their
products is one product of the row with itself, shifted. Products across the end of a row of pixels are subtracted.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.analysis.measures.picture import Picture
from shield_core.cipher.threads import Worker, run_tasks, useful_threads
from shield_core.progress import Advance, nothing

DIRECTIONS: Final = ("horizontal", "vertical", "diagonal")

# The blocks of both pictures fit the second-level cache together; a multiple of 12, so that histograms stay in step.
_BLOCK: Final = 3 << 16

Samples = NDArray[Any]
"""uint8 or uint16."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Sums over pairs of neighbors x, y in one direction: the number of pairs, and the sums of x, y, x², y² and xy.

    Those of x and y are by channel, because each channel has its own mean.
    """

    count: int
    x: tuple[int, ...]
    y: tuple[int, ...]
    xx: int
    yy: int
    xy: int


@dataclass(frozen=True, slots=True)
class Tally:
    """The counts of one picture: `counts` is int64 (bytes per pixel, 256), `pairs` has the three directions."""

    counts: NDArray[np.int64] = field(repr=False)
    pairs: dict[str, Pairs]

    @property
    def total(self) -> NDArray[np.int64]:
        """The histogram of all bytes, int64 (256,)."""
        total: NDArray[np.int64] = self.counts.sum(axis=0)
        return total


@dataclass(frozen=True, slots=True)
class Differences:
    """Counts of two pictures, sample by sample: all samples, equal samples, and sums of |p - c| and (p - c)²."""

    count: int
    equal: int
    absolute: int
    squared: int


def count(
    original: Picture, encrypted: Picture, *, threads: int = 1, progress: Advance = nothing
) -> tuple[Tally, Tally, Differences | None]:
    """Count everything of two pictures.

    Args:
        original: any picture.
        encrypted: any picture; compared sample by sample if it has the size and kind of the original.
        threads: 1 or 2.
        progress: called with the number of samples counted, in all those of the larger picture.
    """
    rows = _Row(original), _Row(encrypted)
    alike = original.is_like(encrypted)
    sheets = _fill(rows, lambda sheet, at: sheet.add(at, alike=alike), threads=threads, progress=progress)
    first, second = (_sum_up(row, [sheet.columns[i] for sheet in sheets]) for i, row in enumerate(rows))
    return first, second, _difference(rows[0], sheets) if alike else None


def compare(first: Picture, second: Picture, *, threads: int = 1) -> Differences:
    """Compare two pictures of the same size and kind sample by sample.

    Args:
        first: any picture.
        second: a picture of the same size and kind.
        threads: 1 or 2.
    """
    rows = _Row(first), _Row(second)
    return _difference(rows[0], _fill(rows, _Sheet.compare, threads=threads, progress=nothing))


def warm() -> None:
    """Compile all kernels, before a worker takes a job."""
    for depth, width in ((8, 1), (16, 2)):
        picture = Picture(np.zeros((4, width), np.uint8), 2, 2, depth)
        count(picture, picture)


class _Row:
    """A picture as one row, read-only: numba compiles separately for writable arrays."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.grid = picture.rows()
        self.samples = _frozen(self.grid)
        self.data = _frozen(picture.samples)
        self.bytes_per_sample = picture.bit_depth // 8
        step, width = picture.channels, self.grid.shape[1]
        self.shifts = (step, width, width + step)


class _Column:
    """The counts of one thread of one picture."""

    def __init__(self, row: _Row) -> None:
        self._row = row
        self._kernels = _kernels()
        self.tables = np.zeros((self._kernels.TABLES, 256), np.uint32)
        self.products = [0, 0, 0]
        self.sum = self.squares = 0

    def add(self, at: int) -> None:
        row = self._row
        self._kernels.count(row.data[at * row.bytes_per_sample : (at + _BLOCK) * row.bytes_per_sample], self.tables)
        for i, shift in enumerate(row.shifts):
            there = row.samples[at + shift : at + _BLOCK + shift]
            self.products[i] += _dot(row.samples[at : at + there.size], there)
        if row.bytes_per_sample > 1:
            here = row.samples[at : at + _BLOCK]
            self.sum += int(here.sum(dtype=np.uint64))
            self.squares += _dot(here, here)


class _Sheet:
    """The counts of one thread of both pictures."""

    def __init__(self, rows: tuple[_Row, _Row]) -> None:
        self._rows = rows
        self.columns = tuple(_Column(row) for row in rows)
        self.gaps = [0, 0, 0]
        self._gaps = _kernels().gaps if rows[0].bytes_per_sample == 1 else _kernels().gaps_wide

    def add(self, at: int, *, alike: bool) -> None:
        for column in self.columns:
            column.add(at)
        if alike:
            self.compare(at)

    def compare(self, at: int) -> None:
        some = self._gaps(*(row.samples[at : at + _BLOCK] for row in self._rows))
        self.gaps = [total + int(part) for total, part in zip(self.gaps, some, strict=True)]


def _fill(
    rows: tuple[_Row, _Row], enter: Callable[[_Sheet, int], None], *, threads: int, progress: Advance
) -> list[_Sheet]:
    """Count every block in the sheet of the thread that takes it."""
    sheets: list[_Sheet] = []
    size = max(row.samples.size for row in rows)

    def new_worker() -> Worker[int]:
        sheets.append(sheet := _Sheet(rows))

        def work(at: int) -> Iterator[int]:
            enter(sheet, at)
            yield min(_BLOCK, size - at)

        return work

    threads = useful_threads(max(len(row.picture.samples) for row in rows), threads)
    run_tasks(range(0, size, _BLOCK), new_worker, threads=threads, progress=progress)
    return sheets


def _difference(row: _Row, sheets: list[_Sheet]) -> Differences:
    return Differences(row.samples.size, *(sum(parts) for parts in zip(*(sheet.gaps for sheet in sheets), strict=True)))


def _sum_up(row: _Row, columns: list[_Column]) -> Tally:
    tables: NDArray[np.int64] = np.sum([column.tables for column in columns], axis=0, dtype=np.int64)
    lanes = row.data.size // len(row.picture.samples)
    counts: NDArray[np.int64] = tables.reshape(-1, lanes, 256).sum(axis=0)
    products = [sum(parts) for parts in zip(*(column.products for column in columns), strict=True)]
    if row.bytes_per_sample == 1:
        values = np.arange(256)
        totals = _Moments(counts @ values, int(counts.sum(axis=0) @ values**2))
    else:
        sums = np.array([sum(column.sum for column in columns)])
        totals = _Moments(sums, sum(column.squares for column in columns))
    return Tally(counts, dict(zip(DIRECTIONS, _pairs(row, products, totals), strict=True)))


@dataclass(frozen=True, slots=True)
class _Moments:
    """The sums of some samples, by channel, and the sum of all their squares."""

    sums: NDArray[np.int64]
    squares: int

    @classmethod
    def of(cls, samples: Samples, channels: int) -> "_Moments":
        # The edge of a picture one pixel wide is the whole picture: it is copied as it is, never widened as a whole.
        flat = _frozen(np.ascontiguousarray(samples))
        sums = [flat[channel::channels].sum(dtype=np.int64) for channel in range(channels)]
        return cls(np.array(sums), _dot(flat, flat))

    def without(self, *others: "_Moments") -> "_Moments":
        return _Moments(
            self.sums - sum(other.sums for other in others), self.squares - sum(other.squares for other in others)
        )


def _pairs(row: _Row, products: list[int], totals: _Moments) -> Iterator[Pairs]:
    """Subtract samples without a neighbor from the sums, and pairs across the end of a row from the products."""
    grid, step = row.grid, row.picture.channels
    height, width = grid.shape
    left, right = grid[:, :step], grid[:, -step:]
    # In the last direction the side columns exclude the corner, which the top and bottom rows include.
    edges = (
        ((right,), (left,)),
        ((grid[-1:],), (grid[:1],)),
        ((grid[-1:], right[:-1]), (grid[:1], left[1:])),
    )
    ends = _dot(right[:-1], left[1:]), 0, _dot(right[:-2], left[2:])
    sizes = height * (width - step), (height - 1) * width, (height - 1) * (width - step)
    for product, end, size, sides in zip(products, ends, sizes, edges, strict=True):
        x, y = (totals.without(*(_Moments.of(edge, step) for edge in side)) for side in sides)
        yield Pairs(size, tuple(x.sums.tolist()), tuple(y.sums.tolist()), x.squares, y.squares, product - end)


def _dot(a: Samples, b: Samples) -> int:
    a, b = (_frozen(np.ascontiguousarray(part)) for part in (a, b))
    return int((_kernels().dot if a.dtype == np.uint8 else _kernels().dot_wide)(a, b))


def _frozen(samples: Samples) -> Samples:
    flat = samples.reshape(-1).view()
    flat.flags.writeable = False
    return flat


def _kernels() -> ModuleType:
    from shield_core.analysis.measures import kernels  # noqa: PLC0415  - numba takes a third of a second to import

    return kernels
