"""The losses of a TIFF that is rebuilt from its pixels: tags, directories and bytes that are not kept."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from shield_core.errors import ImageCorrupt
from shield_core.image.formats.tiff_pages import EXIF, GPS, INTEROPERABILITY, SUB_IMAGES, Page, fills_strips, find_spans
from shield_core.image.formats.tiff_tags import Directory, TagReader

KEPT: Final = frozenset({270, 271, 272, 274, 282, 283, 296, 305, 306, 315, 700, 33432, 33723, 34675, EXIF, GPS})
"""Tags that the `pixels` layout keeps: docs/reference/format.md, "Payload"."""

DIRECTORIES: Final = {
    None: frozenset({EXIF, GPS}),
    EXIF: frozenset({INTEROPERABILITY}),
    GPS: frozenset[int](),
    INTEROPERABILITY: frozenset[int](),
}
"""The directories that each directory may contain; None is the page."""

_SUBFILE = 254
# Tags that are written again from the samples: they describe the same picture, even with other values.
_SINGLE = frozenset({256, 257, 259, 262, 266, 277, 278, 284, 317, 322, 323})
_REWRITTEN = _SINGLE | {258, 273, 279, 324, 325, 338, 339}
_POINTERS = frozenset({EXIF, GPS, INTEROPERABILITY, SUB_IMAGES})
_POINTER_KIND = 13
_MAKER_NOTES = 37500
_HEADER = 8
_NAMED = 3


def _stray_tags(reader: TagReader, directory: Directory) -> list[int]:
    """List the tags of a page that are neither kept nor written again from the samples, ascending."""
    stray = directory.entries.keys() - KEPT - _REWRITTEN
    stray |= {tag for tag in _SINGLE & directory.entries.keys() if directory.entries[tag].count != 1}
    if _SUBFILE in stray and not reader.number(directory, _SUBFILE, 0):
        stray.remove(_SUBFILE)
    return sorted(stray)


def find_loss(reader: TagReader, directory: Directory, page: Page) -> str | None:
    """Describe what a page with exactly restored pixels would lose, or return None.

    Args:
        reader: of the file.
        directory: of its only page.
        page: the description of its pixels.

    Returns:
        A reason that continues "the picture is …".
    """
    stray = _stray_tags(reader, directory)
    if stray:
        more = ", …" if len(stray) > _NAMED else ""
        return f"a TIFF with tags that pixels do not keep ({', '.join(map(str, stray[:_NAMED]))}{more})"
    try:
        inner = dict(_inner(reader, directory, None))
    except ImageCorrupt:
        return "a TIFF with profiles and text that are damaged"
    return _find_loss_inside(directory, inner) or _find_bytes(reader, directory, page, inner)


def _find_loss_inside(directory: Directory, inner: dict[int, Directory]) -> str | None:
    if not all(one.whole for one in (directory, *inner.values())):
        return "a TIFF with a tag that occurs twice, is empty or has an unknown type"
    if any(_leads_away(tag, one) for tag, one in inner.items()):
        return "a TIFF with notes that may point into the file"
    return None


def _find_bytes(reader: TagReader, directory: Directory, page: Page, inner: dict[int, Directory]) -> str | None:
    spans = find_spans(reader, directory, page)
    if spans is None or not fills_strips(reader, directory, page):
        return "a TIFF whose strips or tiles hold more than the picture"
    covered = [(0, _HEADER), *directory.spans, *(span for one in inner.values() for span in one.spans)]
    if _has_bytes_between(reader.view, np.concatenate([np.array(covered, np.uint64), spans])):
        return "a TIFF with bytes that belong to no tag"
    return None


def _inner(reader: TagReader, directory: Directory, parent: int | None) -> Iterator[tuple[int, Directory]]:
    for tag in DIRECTORIES[parent] & directory.entries.keys():
        inner = reader.directory(reader.number(directory, tag, 0))
        yield tag, inner
        yield from _inner(reader, inner, tag)


def _leads_away(tag: int, directory: Directory) -> bool:
    """Return whether a directory refers to other data: a next directory, or offsets among its values."""
    entries = directory.entries
    pointers = (_POINTERS - DIRECTORIES[tag]) & entries.keys()
    kinds = (entry.kind == _POINTER_KIND for entry in entries.values() if entry.tag not in _POINTERS)
    return bool(directory.following or pointers or _MAKER_NOTES in entries or any(kinds))


def _has_bytes_between(view: memoryview, spans: np.ndarray[tuple[int, int], np.dtype[np.uint64]]) -> bool:
    """Return whether there are nonzero bytes outside the spans, before the end of the last."""
    ordered = spans[np.argsort(spans[:, 0])]
    ends = np.maximum.accumulate(ordered[:, 1])
    gaps = np.flatnonzero(ordered[1:, 0] > ends[:-1])
    return any(np.frombuffer(view[int(ends[gap]) : int(ordered[gap + 1, 0])], np.uint8).any() for gap in gaps)
