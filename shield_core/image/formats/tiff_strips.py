"""A check of compressed TIFF strips and tiles for data after the picture, which decoders do not read."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt
from shield_core.image.facts import TRAILING_DATA
from shield_core.image.formats.tiff_pages import UNCOMPRESSED, Page, count_unpacked, find_spans
from shield_core.image.formats.tiff_tags import Directory, TagReader

_LZW: Final = 5
_PACKBITS: Final = 32773
_DEFLATE: Final = frozenset({8, 32946})
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Strips:
    """The compressed strips or tiles of a page: the start and end of each, and its expected unpacked size.

    `spans` has the shape (strips, 2), `sizes` (strips,); both are int64.
    """

    view: memoryview
    compression: int
    spans: NDArray[np.int64]
    sizes: NDArray[np.int64]

    def __iter__(self) -> Iterator[tuple[memoryview, int]]:
        for (start, end), size in zip(self.spans.tolist(), self.sizes.tolist(), strict=True):
            yield self.view[start:end], size


def find_strips(reader: TagReader, directory: Directory, page: Page) -> Strips | None:
    """Find the strips of a page with exactly held samples; None if they are not compressed.

    Args:
        reader: of the file.
        directory: of the page.
        page: the description of its pixels, with one plane.
    """
    spans = find_spans(reader, directory, page)
    if page.compression == UNCOMPRESSED or spans is None:
        return None
    sizes = count_unpacked(reader, directory, page)
    return Strips(reader.view, page.compression, spans[: sizes.size].astype(np.int64), sizes)


def check_strips(strips: Strips) -> tuple[str, ...]:
    """Check that strips unpack to the picture and nothing else, and check Deflate's checksums.

    Zeros after the data of a strip are ignored.

    Returns:
        `TRAILING_DATA` where a strip holds anything else, or cannot be followed to its end.

    Raises:
        ImageCorrupt: the checksum of a strip is wrong, or its data is not a Deflate stream. Decoders check neither.

    Source: TIFF 6.0, sections 9 and 13; Adobe Photoshop TIFF Technical Notes (2002), ZIP/Deflate compression; RFC 1950.
    """
    return () if all(_is_exact(strips.compression, strip, size) for strip, size in strips) else (TRAILING_DATA,)


def warm() -> None:
    """Compile the kernels, or load them from the cache: a worker calls this when it starts, never inside a job."""
    strip = np.frombuffer(bytes(2), np.uint8)
    _kernels().measure_packbits(strip, 1)
    _kernels().measure_lzw(strip, 1)


def _is_exact(compression: int, strip: memoryview, size: int) -> bool:
    if compression in _DEFLATE:
        return _inflates_to(strip, size)
    measure = {_LZW: _kernels().measure_lzw, _PACKBITS: _kernels().measure_packbits}[compression]
    data = np.frombuffer(strip, np.uint8)
    data.setflags(write=False)  # numba compiles separately for writable arrays
    end = measure(data, size)
    return bool(end >= 0 and not data[end:].any())


def _inflates_to(strip: memoryview, size: int) -> bool:
    stream = zlib.decompressobj()
    left = size
    waiting: memoryview | bytes = strip
    try:
        while waiting and left >= 0 and not stream.eof:
            left -= len(stream.decompress(waiting, _PIECE))
            waiting = stream.unconsumed_tail
        if left >= 0:
            left -= len(stream.flush())  # from input already read: a few codes at most
    except zlib.error:
        raise ImageCorrupt("a strip of the TIFF is damaged") from None
    return stream.eof and left == 0 and not stream.unused_data.strip(b"\0")


def _kernels() -> ModuleType:
    from shield_core.image.formats import tiff_kernels  # noqa: PLC0415  - numba takes a third of a second to import

    return tiff_kernels
