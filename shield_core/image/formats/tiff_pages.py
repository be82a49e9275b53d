"""The fields of a TIFF that describe pixels and their positions (TIFF 6.0, sections 3 to 8 and 15)."""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt
from shield_core.image.formats.tiff_tags import Directory, Entry, TagReader
from shield_core.image.limits import MAX_PIXELS, MAX_STRIPS, check_size

EXIF: Final = 34665
GPS: Final = 34853
INTEROPERABILITY: Final = 40965
SUB_IMAGES: Final = 330
UNCOMPRESSED: Final = 1

EXACT: Final = {
    (1, (8,), ()): "L",
    (1, (16,), ()): "I;16",
    (1, (8, 8), (2,)): "LA",
    (2, (8, 8, 8), ()): "RGB",
    (2, (8, 8, 8, 8), (2,)): "RGBA",
}
"""Photometric interpretation, bits and extra samples (2 is unassociated alpha) that a mode holds exactly."""

_COLORS = {0: "L", 1: "L", 2: "RGB", 3: "P", 5: "CMYK", 6: "YCbCr", 8: "LAB"}
_MAX_SAMPLES = 8
_MAX_DEPTH = 64
_SEPARATE_PLANES = 2
_YCBCR = 6
_TILE_WIDTH, _TILE_HEIGHT = 322, 323
_STRIPS, _TILES = (273, 279), (324, 325)
_NESTED = (EXIF, GPS, INTEROPERABILITY, SUB_IMAGES)
_NESTING = 3


@dataclass(frozen=True, slots=True)
class Page:
    """The description of a page's pixels."""

    width: int
    height: int
    bits: tuple[int, ...]
    compression: int
    photometric: int
    fill_order: int
    planar: int
    extra: tuple[int, ...]
    sample_formats: frozenset[int]
    tables: tuple[int, int]
    tiled: bool

    @property
    def key(self) -> tuple[int, tuple[int, ...], tuple[int, ...]]:
        """Return the values that decide whether a mode holds the pixels exactly: see `EXACT`."""
        return self.photometric, self.bits, self.extra

    @property
    def is_planar(self) -> bool:
        """Whether each channel is stored separately."""
        return self.planar == _SEPARATE_PLANES and len(self.bits) > 1

    @property
    def has_strange_tiles(self) -> bool:
        """Whether the tables of strips hold the tiles, which decoders read as strips."""
        return self.tiled and self.tables == _STRIPS

    @property
    def mode(self) -> str:
        """The name of the samples, approximate for unusual ones."""
        if self.key in EXACT or self.bits == (1,):
            return EXACT.get(self.key, "1")
        suffix = "" if self.bits[0] in {1, 8} else f";{self.bits[0]}"
        return _COLORS.get(self.photometric, "L") + ("A" if self.extra else "") + suffix


def read_page(reader: TagReader, directory: Directory) -> Page:
    """Read the fields of a page, and check that its pixels are inside the file.

    Raises:
        TooManyPixels: it declares more than the limit.
        ImageCorrupt: fields that are missing or contradict each other, or pixels outside the file.
    """
    width, height = reader.number(directory, 256, 0), reader.number(directory, 257, 0)
    check_size(width, height)
    samples = reader.number(directory, 277, 1)
    if not width or not height or not 1 <= samples <= _MAX_SAMPLES:
        raise ImageCorrupt("a page of the TIFF does not declare its size or its samples")
    page = Page(
        width=width,
        height=height,
        bits=_read_bits(reader, directory, samples),
        compression=reader.number(directory, 259, UNCOMPRESSED),
        photometric=reader.number(directory, 262, 1),
        fill_order=reader.number(directory, 266, 1),
        planar=reader.number(directory, 284, 1),
        extra=tuple(int(kind) for kind in _few(reader, directory, 338)),
        sample_formats=frozenset(int(kind) for kind in _few(reader, directory, 339)) or frozenset({1}),
        tables=_TILES if {_TILE_WIDTH, _TILES[0]} <= directory.entries.keys() else _STRIPS,
        tiled=_TILE_WIDTH in directory.entries,
    )
    _check_strips(reader, directory, page)
    return page


def find_spans(reader: TagReader, directory: Directory, page: Page) -> NDArray[np.uint64] | None:
    """Find the positions of a page's pixels, each strip or tile as start and end; None if the file has none.

    Returns:
        Shape (strips, 2), uint64.
    """
    starts, sizes = (_many(reader, directory.entries.get(tag)).astype(np.uint64) for tag in page.tables)
    return np.stack([starts, starts + sizes], axis=1) if starts.size == sizes.size else None


def fills_strips(reader: TagReader, directory: Directory, page: Page) -> bool:
    """Return whether strips or tiles hold only the picture, as far as is visible without unpacking them."""
    sizes = _many(reader, directory.entries.get(page.tables[1]))
    if page.tiled:
        across, down = _tile(reader, directory)
        fit = page.width % across == 0 and page.height % down == 0
        return fit and sizes.size == _count_tiles(reader, directory, page)
    if page.compression != UNCOMPRESSED:
        return sizes.size == _count_strips(reader, directory, page)
    return int(sizes.sum(dtype=np.uint64)) == _least_size(page, tiled=False)


def count_unpacked(reader: TagReader, directory: Directory, page: Page) -> NDArray[np.int64]:
    """Count the bytes that each strip or tile of a page of one plane unpacks to.

    Returns:
        Shape (strips,), int64.
    """
    if page.tiled:
        across, down = _tile(reader, directory)
        size = down * -(-across * sum(page.bits) // 8)
        return np.full(_count_tiles(reader, directory, page), size, np.int64)
    count, rows = _count_strips(reader, directory, page), _rows(reader, directory, page)
    sizes = np.full(count, rows, np.int64)
    sizes[-1] = page.height - rows * (count - 1)
    return sizes * -(-page.width * sum(page.bits) // 8)


def find_end(reader: TagReader, directory: Directory, depth: int = 0) -> int:
    """Find the end of a directory in the file, including its values, its pixels and the directories it points to."""
    ends = [directory.end, _end_of(reader, directory, (513, 514))]
    ends += [_end_of(reader, directory, pair) for pair in (_STRIPS, _TILES)]
    for tag in _NESTED if depth < _NESTING else ():
        # Some cameras write broken pointers in Exif, and every decoder reads their pictures.
        with suppress(ImageCorrupt):
            ends += [find_end(reader, reader.directory(at), depth + 1) for at in _few(reader, directory, tag)]
    return max(ends)


def _read_bits(reader: TagReader, directory: Directory, samples: int) -> tuple[int, ...]:
    bits = tuple(int(depth) for depth in _few(reader, directory, 258)) or (1,)
    if len(bits) not in {1, samples} or not all(0 < depth <= _MAX_DEPTH for depth in bits):
        raise ImageCorrupt("a page of the TIFF declares samples that cannot be")
    return bits if len(bits) == samples else bits * samples


def _few(reader: TagReader, directory: Directory, tag: int) -> list[int]:
    entry = directory.entries.get(tag)
    return [] if entry is None else reader.numbers(entry)[: 2 * _MAX_SAMPLES].tolist()


def _check_strips(reader: TagReader, directory: Directory, page: Page) -> None:
    offsets = _many(reader, directory.entries.get(page.tables[0]))
    expected = _count_tiles(reader, directory, page) if page.tiled else _count_strips(reader, directory, page)
    if expected > MAX_STRIPS or offsets.size > MAX_STRIPS:
        raise ImageCorrupt(f"a page of the TIFF has more than {MAX_STRIPS} strips or tiles")
    if offsets.size < expected:
        raise ImageCorrupt("a page of the TIFF has less pixels than it declares")
    sizes = _many(reader, directory.entries.get(page.tables[1]))
    if sizes.size != offsets.size and (sizes.size or page.compression != UNCOMPRESSED):
        raise ImageCorrupt("a page of the TIFF does not say how long its strips are")
    limit = len(reader.view)
    if max(_largest(offsets), _largest(sizes)) > limit or _end_of(reader, directory, page.tables) > limit:
        raise ImageCorrupt("the TIFF is cut off in its pixels")
    total = int(sizes.sum(dtype=np.uint64))
    if sizes.size and total < _least_size(page, tiled=page.tiled):
        raise ImageCorrupt("a page of the TIFF has less pixels than it declares")
    # Decoders read every strip to its declared end: if every strip spanned the whole file, this would take hours.
    reader.values_left -= total
    if reader.values_left < 0:
        raise ImageCorrupt("the strips of the TIFF overlap")


def _least_size(page: Page, *, tiled: bool) -> int:
    """Count the bytes that strips need, if that is known: uncompressed and without chroma subsampling."""
    if tiled or page.compression != UNCOMPRESSED or page.photometric == _YCBCR:
        return 0
    return page.height * -(-page.width * sum(page.bits) // 8)


def _count_strips(reader: TagReader, directory: Directory, page: Page) -> int:
    return -(-page.height // _rows(reader, directory, page)) * _planes(page)


def _rows(reader: TagReader, directory: Directory, page: Page) -> int:
    """Return the rows of a strip that is not the last."""
    return min(reader.number(directory, 278, page.height) or page.height, page.height)


def _tile(reader: TagReader, directory: Directory) -> tuple[int, int]:
    return reader.number(directory, _TILE_WIDTH, 0), reader.number(directory, _TILE_HEIGHT, 0)


def _count_tiles(reader: TagReader, directory: Directory, page: Page) -> int:
    width, height = _tile(reader, directory)
    if not width or not height or width * height > MAX_PIXELS:
        raise ImageCorrupt("a page of the TIFF declares tiles that cannot be")
    return -(-page.width // width) * -(-page.height // height) * _planes(page)


def _planes(page: Page) -> int:
    return len(page.bits) if page.planar == _SEPARATE_PLANES else 1


def _many(reader: TagReader, entry: Entry | None) -> NDArray[np.unsignedinteger[Any]]:
    return np.empty(0, np.uint64) if entry is None else reader.numbers(entry)


def _largest(numbers: NDArray[np.unsignedinteger[Any]]) -> int:
    return int(numbers.max()) if numbers.size else 0


def _end_of(reader: TagReader, directory: Directory, tags: tuple[int, int]) -> int:
    """Find the end of the furthest part among those that two tags describe by offset and size."""
    starts, sizes = (_many(reader, directory.entries.get(tag)) for tag in tags)
    if not starts.size:
        return 0
    if starts.size != sizes.size:
        return len(reader.view)
    return int((starts.astype(np.float64) + sizes.astype(np.float64)).max())
