"""A walk over the directories of a TIFF (TIFF 6.0; Exif 2.32, section 4.6.3)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from shield_core.errors import ImageCorrupt
from shield_core.image.facts import MEDIA_TYPES, METADATA_DROPPED, TRAILING_DATA, ImageFacts, Pieces, describe_samples
from shield_core.image.formats.tiff_losses import DIRECTORIES, KEPT, find_loss
from shield_core.image.formats.tiff_pages import EXACT, SUB_IMAGES, Page, find_end, read_page
from shield_core.image.formats.tiff_strips import Strips, find_strips
from shield_core.image.formats.tiff_tags import Directory, TagReader, TiffStyle, read_style
from shield_core.image.limits import MAX_KEPT
from shield_core.image.undecoded import NotDecoded

# The tags that a decoder needs to find and read the pixels. Not the orientation: Pillow would rotate them.
_SHOWN = frozenset(
    {
        254,
        256,
        257,
        258,
        259,
        262,
        266,
        273,
        277,
        278,
        279,
        284,
        292,
        293,
        317,
        320,
        322,
        323,
        324,
        325,
        332,
        338,
        339,
        340,
    }
    | {341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521, 529, 530, 532}
)
_LOSSLESS = frozenset({1, 5, 8, 32773, 32946})  # none, LZW, Deflate, PackBits, Deflate before it was registered
_UNPACKED = frozenset({1, 32773})


@dataclass(frozen=True, slots=True)
class KeptTag:
    """A tag to keep: the bytes of its values, or the tags of the directory that it points to."""

    tag: int
    kind: int = 0
    count: int = 0
    value: memoryview | bytes = b""
    tags: tuple["KeptTag", ...] = ()

    @property
    def cost(self) -> int:
        """Estimate its size in the metadata, in bytes."""
        return 80 + (len(self.value) + 2) // 3 * 4 + sum(tag.cost for tag in self.tags)


@dataclass(frozen=True, slots=True)
class TiffWalk:
    """The contents of a TIFF's directories; `packed` is False if the source is hardly compressed.

    `strips` are set for a picture that is held exactly and is compressed.
    """

    facts: ImageFacts
    shown: tuple[Pieces, ...]
    style: TiffStyle
    packed: bool
    strips: Strips | None
    kept: tuple[KeptTag, ...]
    dropped: tuple[str, ...]


def walk_tiff(view: memoryview) -> TiffWalk:
    """Walk over all directories.

    Args:
        view: The whole file, which starts with the mark of a byte order and a version.

    Raises:
        TooManyPixels: a page declares more than the limit.
        NotDecoded: a kind that decoders read wrongly.
        ImageCorrupt: cut off, or not the structure of a TIFF.
    """
    style, first = read_style(view)
    reader = TagReader(view, style)
    directories = tuple(_directories(reader, first))
    pages = tuple(read_page(reader, directory) for directory in directories)
    _check_foreign(style, pages)
    end = max(find_end(reader, directory) for directory in directories)
    kept = _read_kept(reader, directories[0])
    exact, reason = _judge(style, directories, pages, kept)
    trailing = _has_trailing(view, end)
    loss = find_loss(reader, directories[0], pages[0]) if exact else None
    facts = ImageFacts(
        format="TIFF",
        mode=pages[0].mode,
        bit_depth=pages[0].bits[0],
        width=pages[0].width,
        height=pages[0].height,
        frames=len(pages),
        exact=exact,
        reason=loss or ("a TIFF with bytes behind its end" if exact and trailing else reason),
        warnings=(TRAILING_DATA,) if trailing else (),
        complete=exact and loss is None and not trailing,
        media_type=MEDIA_TYPES["TIFF"],
        largest_page=max(page.width * page.height for page in pages[1:]) if len(pages) > 1 else 0,
    )
    return TiffWalk(
        facts=facts,
        shown=tuple(_show(view, style, directory) for directory in directories),
        style=style,
        packed=pages[0].compression not in _UNPACKED,
        strips=find_strips(reader, directories[0], pages[0]) if exact else None,
        kept=kept or (),
        dropped=(METADATA_DROPPED,) if loss else (),
    )


def _check_foreign(style: TiffStyle, pages: tuple[Page, ...]) -> None:
    """Refuse files that decoders open but read wrongly; decoders refuse the others themselves."""
    width, height = pages[0].width, pages[0].height
    if style.big and style.order == ">":
        raise NotDecoded("a big-endian BigTIFF", width=width, height=height)
    if any(page.has_strange_tiles for page in pages):
        raise NotDecoded("a TIFF whose tiles are listed as strips", width=width, height=height)


def _directories(reader: TagReader, offset: int) -> Iterator[Directory]:
    if not offset:
        raise ImageCorrupt("the TIFF has no picture")
    seen: set[int] = set()
    while offset:
        if offset in seen:
            raise ImageCorrupt("the directories of the TIFF go round in a circle")
        seen.add(offset)
        directory = reader.directory(offset)
        yield directory
        offset = directory.following


def _read_kept(reader: TagReader, directory: Directory) -> tuple[KeptTag, ...] | None:
    """Read the tags to keep, in ascending order; None if a directory among them cannot be read."""
    try:
        return _keep(reader, directory, KEPT & directory.entries.keys())
    except ImageCorrupt:
        return None


def _keep(reader: TagReader, directory: Directory, tags: frozenset[int] | set[int]) -> tuple[KeptTag, ...]:
    kept = []
    for tag in sorted(tags):
        entry = directory.entries[tag]
        if tag in DIRECTORIES:
            inner = reader.directory(reader.number(directory, tag, 0))
            foreign = DIRECTORIES.keys() - DIRECTORIES[tag]
            kept.append(KeptTag(tag, tags=_keep(reader, inner, inner.entries.keys() - foreign)))
        else:
            kept.append(KeptTag(tag, entry.kind, entry.count, reader.value(entry)))
    return tuple(kept)


def _judge(
    style: TiffStyle, directories: tuple[Directory, ...], pages: tuple[Page, ...], kept: tuple[KeptTag, ...] | None
) -> tuple[bool, str]:
    page = pages[0]
    samples = f"a TIFF with {describe_samples(page.mode, page.bits[0])}"
    reasons = {
        f"a TIFF with {len(pages)} pages": len(pages) > 1,
        "a TIFF with pictures inside the picture": SUB_IMAGES in directories[0].entries,
        "a TIFF with a compression that approximates, or is rare": page.compression not in _LOSSLESS,
        samples + " of a kind that is not kept exactly": page.key not in EXACT or page.sample_formats != {1},
        "a TIFF whose samples are in a rare order": style.big or page.fill_order != 1 or page.is_planar,
        "a TIFF with profiles and text that are damaged": kept is None,
        "a TIFF with profiles and text of more than 3 MB": sum(tag.cost for tag in kept or ()) > MAX_KEPT,
    }
    reason = next((reason for reason, found in reasons.items() if found), None)
    return reason is None, reason or samples


def _has_trailing(view: memoryview, end: int) -> bool:
    padded = -(-end // 16) * 16  # programs that append pages pad to a multiple of 16 with zeros
    return len(view) > padded or any(view[end:])


def _show(view: memoryview, style: TiffStyle, directory: Directory) -> Pieces:
    """Give a decoder a single page: the unchanged file, followed by a directory of the tags that make its pixels."""
    entries = [directory.entries[tag].raw for tag in sorted(_SHOWN & directory.entries.keys())]
    start = 8 if style.big else 4
    behind = start + struct.calcsize(style.offset_format)
    filling = bytes(len(view) % 2)
    place = struct.pack(style.offset_format, len(view) + len(filling))
    count = struct.pack(style.order + ("Q" if style.big else "H"), len(entries))
    end = filling + count + b"".join(entries) + bytes(struct.calcsize(style.offset_format))
    return (view[:start], memoryview(place), view[behind:], memoryview(end))
