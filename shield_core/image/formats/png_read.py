"""A strict PNG reader, band by band, for samples that a payload holds unchanged. It checks every checksum and length.

Pillow uses four bytes for an RGB pixel, does not check the checksums of the image data, and their length could only be
checked by inflating a second time. This reader does all of it in one pass, in a third of the time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np
from isal import isal_zlib
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt
from shield_core.image.checksums import clear_registers
from shield_core.image.facts import SAMPLE_KINDS, TRAILING_DATA
from shield_core.image.formats.png_walk import PngWalk, check_checksums
from shield_core.image.handover import WAITING, Finished, handover, ignore
from shield_core.progress import Advance, nothing

_BAND_BYTES: Final = 1 << 18  # filtered and unfiltered rows stay in the second-level cache
_PIECE: Final = 1 << 16

Samples = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class _Band:
    """Some rows: the memory of the inflated bytes and of their samples."""

    filtered: Samples
    top: int
    bottom: int


def reads(walk: PngWalk) -> bool:
    """Return whether `read` accepts a picture: samples as a payload holds them, and not interlaced."""
    return walk.facts.exact and not walk.frame.interlaced


def read(
    walk: PngWalk,
    *,
    finished: Finished = ignore,
    threads: int = 1,
    progress: Advance = nothing,
) -> tuple[Samples, tuple[str, ...]]:
    """Read a picture.

    Args:
        walk: of a picture that `reads` accepts.
        finished: called with the samples of every band, from top to bottom, on either thread.
        threads: 1, or 2 to inflate on the calling thread and do the rest on another.
        progress: called with the bytes of file inflated.

    Returns:
        The samples: shape (pixels, bytes per pixel), uint8, C-contiguous, owned, 16-bit ones big-endian; and warnings
        that only this reader finds.

    Raises:
        ImageCorrupt: a wrong checksum, image data that is damaged or of another length than IHDR declares, or a filter
            that does not exist.

    Source: Portable Network Graphics, third edition, sections 7, 9 and 10.
    """
    check_checksums(walk)
    step = SAMPLE_KINDS[walk.facts.mode].bytes_per_pixel
    height, row_bytes = walk.frame.height, walk.frame.width * step
    samples = np.empty((height, row_bytes), np.uint8)
    inflation = Inflation(walk, progress)

    def work(band: _Band) -> None:
        above = samples[band.top - 1] if band.top else np.zeros(row_bytes, np.uint8)
        rows = samples[band.top : band.bottom]
        unfilter(band.filtered, above, rows, step)
        finished(rows.reshape(-1))

    with handover(work, threads=threads) as hand_over:
        for band in _bands(height, row_bytes):
            inflation.fill(band.filtered.reshape(-1))
            hand_over(band)
        trailing = inflation.finish()
    return samples.reshape(-1, step), (TRAILING_DATA,) if trailing else ()


def unfilter(filtered: Samples, above: Samples, target: Samples, step: int) -> None:
    """Undo the filters of some rows.

    Args:
        filtered: uint8 (rows, 1 + row bytes), each row after the number of its filter.
        above: uint8 (row bytes,), the row before the first; zeros for the first of a picture or pass.
        target: uint8 (rows, row bytes), written.
        step: bytes of a pixel, 1 to 8; 1 if a pixel has less than a byte.

    Raises:
        ImageCorrupt: a filter that does not exist.
    """
    if _kernels().unfilter(filtered, above, target, step) < len(target):
        raise ImageCorrupt("a row of the PNG has a filter that does not exist")


def warm() -> None:
    """Compile the kernel, or load it from the cache: a worker calls this when it starts, never inside a job."""
    row = np.zeros((1, 5), np.uint8)
    _kernels().unfilter(row, row[0, 1:], np.empty((1, 4), np.uint8), 1)


def _bands(height: int, row_bytes: int) -> Iterator[_Band]:
    """Yield bands; their memory is reused once `WAITING` later bands were handed over."""
    rows = max(1, _BAND_BYTES // (1 + row_bytes))
    memory = np.empty((WAITING + 1, min(rows, height), 1 + row_bytes), np.uint8)
    for number, top in enumerate(range(0, height, rows)):
        bottom = min(height, top + rows)
        yield _Band(memory[number % len(memory), : bottom - top], top, bottom)


class Inflation:
    """The image data of a PNG, inflated into existing memory."""

    def __init__(self, walk: PngWalk, progress: Advance) -> None:
        parts = [walk.view[chunk.start : chunk.end] for chunk in walk.chunks if chunk.name == b"IDAT"]
        self._pieces = (part[at : at + _PIECE] for part in parts for at in range(0, len(part), _PIECE))
        self._rest: bytes | memoryview = b""
        self._inflate = isal_zlib.decompressobj()
        self._progress = progress

    def fill(self, target: Samples) -> None:
        """Fill the target with the next bytes.

        Raises:
            ImageCorrupt: the data is damaged or too short.
        """
        done = 0
        while done < target.size:
            part = self._next(target.size - done)
            target[done : done + len(part)] = np.frombuffer(part, np.uint8)
            done += len(part)

    def finish(self) -> bool:
        """Check that no data is left, and return whether bytes follow the end of the stream, which readers ignore.

        Raises:
            ImageCorrupt: the data is damaged, too long or too short.
        """
        while not self._inflate.eof:
            if self._next(1):
                raise ImageCorrupt("the image data of the PNG are longer than the picture")
        return bool(self._inflate.unused_data) or next(self._pieces, None) is not None

    def _next(self, most: int) -> bytes:
        if self._inflate.eof:
            raise ImageCorrupt("the image data of the PNG are shorter than the picture")
        try:
            part: bytes = self._inflate.decompress(self._rest, most)
        except isal_zlib.error as error:  # type: ignore[misc] # its stub declares an instance
            raise ImageCorrupt("the image data of the PNG are damaged") from error
        clear_registers()  # the bands are hashed
        self._rest = self._inflate.unconsumed_tail
        if not part and not self._rest and not self._inflate.eof:
            self._rest = next(self._pieces, b"")
            if not self._rest:
                raise ImageCorrupt("the image data of the PNG are shorter than the picture")
            self._progress(len(self._rest))
        return part


def _kernels() -> ModuleType:
    from shield_core.image.formats import png_kernels  # noqa: PLC0415  - numba takes a third of a second to import

    return png_kernels
