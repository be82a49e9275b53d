"""Pictures for the tests of the analysis."""

import numpy as np

from shield_core.analysis.measures.picture import Picture

KINDS = [(8, 1), (8, 2), (8, 3), (8, 4), (16, 2)]
"""Bits per sample and bytes per pixel."""


def noise(width, height, *, depth=8, lanes=3, seed=0):
    samples = np.random.default_rng(seed).integers(0, 256, (width * height, lanes), dtype=np.uint8)
    return Picture(samples, width, height, depth)


def ramp(width, height):
    """A picture as smooth as a photograph: brighter to the right and to the bottom."""
    y, x = np.mgrid[:height, :width]
    gray = ((x / width + y / height) * 100 + 20).astype(np.uint8)
    return Picture(np.stack([gray, gray // 2, 255 - gray], axis=2).reshape(-1, 3), width, height)
