"""Regions: the rectangles that are encrypted, and the pixels in them (docs/reference/format.md, "Regions")."""

from itertools import pairwise
from typing import NamedTuple

from .failures import demand
from .png import Geometry


class Rectangle(NamedTuple):
    x: int
    y: int
    width: int
    height: int


def check_rectangles(rectangles: list[Rectangle], width: int, height: int) -> None:
    for one in rectangles:
        demand(one.width > 0 and one.height > 0, "an empty rectangle")
        demand(one.x + one.width <= width and one.y + one.height <= height, "a rectangle outside")
    order = [(one.y, one.x, one.height, one.width) for one in rectangles]
    demand(all(left < right for left, right in pairwise(order)), "rectangles out of order")


def encrypted_pixels(rectangles: list[Rectangle], geometry: Geometry) -> list[int]:
    """Return the numbers of the encrypted pixels, ascending: all pixels if there is no rectangle."""
    if not rectangles:
        return list(range(geometry.pixels))
    return sorted(
        {
            y * geometry.width + x
            for one in rectangles
            for y in range(one.y, one.y + one.height)
            for x in range(one.x, one.x + one.width)
        }
    )


def gather(samples: bytes, size: int, places: list[int]) -> bytes:
    return b"".join(samples[place * size : (place + 1) * size] for place in places)


def scatter(samples: bytes, size: int, places: list[int], pixels: bytes) -> bytes:
    """Return the samples with `pixels` at `places`, one after the other."""
    changed = bytearray(samples)
    for number, place in enumerate(places):
        changed[place * size : (place + 1) * size] = pixels[number * size : (number + 1) * size]
    return bytes(changed)
