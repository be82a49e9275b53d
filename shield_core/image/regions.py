"""Regions: the rectangles of a partially encrypted picture, and their pixels. docs/reference/format.md, "Regions"."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import RegionInvalid

MAX_REGIONS: Final = 64
"""Regions of a picture: enough for the faces of a group and the fields of a form; they take 1 KiB of header."""

MAX_TEXT: Final = 16 * 1024
"""Bytes of regions as JSON: 64 of them, indented, take 8 KiB."""

SMALL: Final = 4096
"""Pixels: if fewer are encrypted, size and position of a region reveal much about its content."""

_KEYS: Final = ("x", "y", "width", "height")
_OPTION: Final = re.compile(r"\d{1,9}(?:,\d{1,9}){3}", re.ASCII)
_SHOWN: Final = 80
_HASHED: Final = 1 << 20  # bytes copied and hashed at a time: they fit the cache


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle: its top left corner and its size, in pixels as they are stored, before any rotation by EXIF."""

    x: int
    y: int
    width: int
    height: int

    def __str__(self) -> str:
        """Return the form of the command line: `X,Y,W,H`."""
        return f"{self.x},{self.y},{self.width},{self.height}"

    @property
    def place(self) -> tuple[int, int, int, int]:
        """Return the sort key of regions: y, x, height, width."""
        return self.y, self.x, self.height, self.width

    def to_json(self) -> dict[str, int]:
        """Return the form of the API: `{"x", "y", "width", "height"}`."""
        return {key: getattr(self, key) for key in _KEYS}


def normalize(regions: Iterable[Region], *, width: int, height: int) -> tuple[Region, ...]:
    """Sort regions, and refuse those that do not fit the picture; regions are never clipped.

    Args:
        regions: 1 to 64 rectangles; they may overlap.
        width: pixels of the picture.
        height: pixels of the picture.

    Returns:
        The regions, ascending by y, x, height and width.

    Raises:
        RegionInvalid: there are none, or more than 64; or one is empty, duplicated, partly outside the picture or not
            made of whole numbers.

    Source: docs/reference/format.md, Regions.
    """
    checked: list[Region] = []
    for region in regions:
        if len(checked) == MAX_REGIONS:
            raise RegionInvalid(f"more than {MAX_REGIONS} regions; merge some of them")
        _check(region, width, height)
        checked.append(region)
    if not checked:
        raise RegionInvalid("no region is named; without `regions` the whole picture is encrypted")
    checked.sort(key=lambda region: region.place)
    for region, following in pairwise(checked):
        if region == following:
            raise RegionInvalid(f"the region {region} is given twice")
    return tuple(checked)


def parse_json(text: str | bytes) -> tuple[Region, ...]:
    """Read regions in the form of the API: `[{"x": 0, "y": 0, "width": 8, "height": 8}, …]`.

    Args:
        text: at most 16 KiB.

    Returns:
        All regions of the text, in their order; `normalize` checks whether they fit a picture.

    Raises:
        RegionInvalid: not JSON, not a list of 1 to 64 objects with exactly these four whole numbers.
    """
    if len(text) > MAX_TEXT:
        raise RegionInvalid(f"the regions have more than {MAX_TEXT:,} bytes")
    try:
        value = json.loads(text, object_pairs_hook=_read_object)
    except (ValueError, RecursionError) as error:  # of ValueError: bad UTF-8, and numbers of thousands of digits
        raise RegionInvalid("the regions are not JSON: a list of objects with x, y, width and height") from error
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_REGIONS:
        raise RegionInvalid(f"the regions are a list of 1 to {MAX_REGIONS} objects with x, y, width and height")
    for number, region in enumerate(value, start=1):
        if not isinstance(region, Region):
            # The value is not repeated: the response of a service must not echo untrusted text.
            raise RegionInvalid(f"number {number} is no region: an object with x, y, width and height, whole numbers")
    return tuple(value)


def parse_option(text: str) -> Region:
    """Read one region in the form of the command line: `X,Y,W,H`, in decimal digits.

    Raises:
        RegionInvalid: the text has another form.
    """
    if not _OPTION.fullmatch(text):
        raise RegionInvalid(f"{_show(text)} is no region: X,Y,W,H, four whole numbers of pixels")
    return Region(*map(int, text.split(",")))


def count_pixels(regions: Sequence[Region]) -> int:
    """Count the pixels of the union of regions, each once."""
    return sum((bottom - top) * _length(spans) for top, bottom, spans in _bands(regions))


def take_pixels(samples: NDArray[np.uint8], regions: Sequence[Region], *, width: int) -> NDArray[np.uint8]:
    """Copy the pixels of the union of regions out of a picture: row-major, each once.

    Args:
        samples: uint8 (pixels, bytes per pixel), C-contiguous, of the whole picture.
        regions: inside the picture; empty means the whole picture.
        width: pixels of a row of the picture.

    Returns:
        uint8 (pixels of the union, bytes per pixel), C-contiguous; `samples` itself where there are no regions.
    """
    if not regions:
        return samples
    inside = np.empty((count_pixels(regions), samples.shape[1]), np.uint8)
    for there, here in _pairs(samples, inside, regions, width):
        here[:] = there
    return inside


def put_pixels(
    samples: NDArray[np.uint8], inside: NDArray[np.uint8], regions: Sequence[Region], *, width: int
) -> NDArray[np.uint8]:
    """Write pixels back to the positions that `take_pixels` read them from.

    Args:
        samples: uint8 (pixels, bytes per pixel), C-contiguous, of the whole picture; changed in place.
        inside: uint8 (pixels of the union, bytes per pixel), C-contiguous.
        regions: as for `take_pixels`.
        width: pixels of a row of the picture.

    Returns:
        The whole picture: `samples`, or `inside` where there are no regions.
    """
    if not regions:
        return inside
    for there, here in _pairs(samples, inside, regions, width):
        there[:] = here
    return samples


def hash_pixels(samples: NDArray[np.uint8], regions: Sequence[Region], *, width: int) -> str:
    """Compute the SHA-256 of the result of `take_pixels`, in hexadecimal, without a copy of it.

    Args:
        samples: uint8 (pixels, bytes per pixel), C-contiguous.
        regions: as for `take_pixels`.
        width: pixels of a row of the picture.
    """
    if not regions:
        return hashlib.sha256(samples.reshape(-1).data).hexdigest()
    sha256 = hashlib.sha256()
    rows = samples.reshape(-1, width, samples.shape[1])
    for top, bottom, spans in _bands(regions):
        step = max(1, _HASHED // (_length(spans) * samples.shape[1]))
        for at in range(top, bottom, step):
            strip = rows[at : min(bottom, at + step)]
            sha256.update(np.concatenate([strip[:, left:right] for left, right in spans], axis=1).data)
    return sha256.hexdigest()


Spans = Sequence[tuple[int, int]]
"""Ranges of columns, each from the first to the one after the last; ascending, with gaps between them."""


def _bands(regions: Sequence[Region]) -> Iterator[tuple[int, int, Spans]]:
    """Split the union into bands of equal rows: at most 127 of at most 64 spans, for any size of picture."""
    edges = sorted({edge for region in regions for edge in (region.y, region.y + region.height)})
    for top, bottom in pairwise(edges):
        if spans := _merge(region for region in regions if region.y <= top < region.y + region.height):
            yield top, bottom, spans


def _merge(regions: Iterable[Region]) -> Spans:
    merged: list[tuple[int, int]] = []
    for left, right in sorted((region.x, region.x + region.width) for region in regions):
        if merged and left <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(right, merged[-1][1])
        else:
            merged.append((left, right))
    return merged


def _length(spans: Spans) -> int:
    return sum(right - left for left, right in spans)


def _pairs(
    samples: NDArray[np.uint8], inside: NDArray[np.uint8], regions: Sequence[Region], width: int
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Yield each block of bytes twice: in the picture, and among the pixels of the union."""
    size = samples.shape[1]
    rows, flat, at = samples.reshape(-1, width * size), inside.reshape(-1), 0
    for top, bottom, spans in _bands(regions):
        length = _length(spans) * size
        band = flat[at : at + (bottom - top) * length].reshape(-1, length)
        at += band.size
        column = 0
        for left, right in spans:
            end = column + (right - left) * size
            yield rows[top:bottom, left * size : right * size], band[:, column:end]
            column = end


def _check(region: Region, width: int, height: int) -> None:
    sides = (region.x, region.y, region.width, region.height)
    if any(type(side) is not int for side in sides):  # a bool is an int in Python, but never a coordinate
        raise RegionInvalid(f"the region {_show(sides)} is not of whole numbers")
    if region.width < 1 or region.height < 1:
        raise RegionInvalid(f"the region {_cut(str(region))} is empty; width and height are at least 1")
    if min(region.x, region.y) < 0 or region.x + region.width > width or region.y + region.height > height:
        named = _cut(str(region))
        raise RegionInvalid(f"the region {named} reaches outside the picture of {width} by {height} pixels")


def _read_object(pairs: list[tuple[str, Any]]) -> Region | dict[str, Any]:
    """Make a region of an object with exactly its four keys; return any other for the check of the list to refuse."""
    found = dict(pairs)
    numbers = all(type(value) is int for value in found.values())
    return Region(**found) if numbers and len(pairs) == len(_KEYS) and found.keys() == set(_KEYS) else found


def _show(value: object) -> str:
    return _cut(repr(value))


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
