"""Compilation of all kernels: when a container image is built, when a worker starts, before a benchmark."""

from shield_core.analysis.measures import tally
from shield_core.cipher import permutation
from shield_core.image.formats import png_read, tiff_strips


def warm_up() -> None:
    """Compile all kernels, or load them from the cache, so that no job has to."""
    for compile_kernels in (permutation.warm, png_read.warm, tiff_strips.warm, tally.warm):
        compile_kernels()
