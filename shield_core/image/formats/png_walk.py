"""A walk over the chunks of a PNG (Portable Network Graphics, third edition), and the checks that need no decoder."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from isal import isal_zlib

from shield_core.errors import ImageCorrupt
from shield_core.image.checksums import crc32
from shield_core.image.facts import MEDIA_TYPES, TRAILING_DATA, ImageFacts, Pieces, describe_samples
from shield_core.image.limits import MAX_CHUNKS, MAX_KEPT, check_size
from shield_core.image.splice import merged

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
KEPT: Final = frozenset(
    b"iCCP eXIf pHYs tEXt zTXt iTXt tIME sRGB gAMA cHRM cICP sBIT bKGD".split()  # docs/reference/format.md, "Payload"
)
"""Chunks that the `pixels` layout keeps unchanged."""

_PIXELS = frozenset(b"IHDR PLTE tRNS IDAT IEND acTL fcTL fdAT".split())
_TYPE = re.compile(rb"[A-Za-z]{4}")
_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
_MODES = {0: "L", 2: "RGB", 3: "P", 4: "LA", 6: "RGBA"}
_EXACT = frozenset({(0, 8), (0, 16), (2, 8), (4, 8), (6, 8)})
PALETTE: Final = 3
"""The color type of a picture with a palette."""

_BYTE = 8
_INFLATE_STEP = 65_536
_OUTPUT_STEP = 1 << 20
# Adam7, section 8.1: first column, first row, column step, row step of each pass.
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a file: its type and the position of its data."""

    name: bytes
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Pass:
    """One pass of an interlaced picture, or the whole of another one.

    Its pixels have every `across`-th column from `left` on, in every `down`-th row from `top` on.
    """

    left: int
    top: int
    across: int
    down: int
    width: int
    height: int
    row_bytes: int


@dataclass(frozen=True, slots=True)
class Frame:
    """IHDR: the form of the picture's rows."""

    width: int
    height: int
    bit_depth: int
    color_type: int
    interlaced: bool

    @property
    def mode(self) -> str:
        """The name of the samples in Pillow."""
        if self.color_type == 0 and self.bit_depth != _BYTE:
            return {1: "1", 16: "I;16"}.get(self.bit_depth, f"L;{self.bit_depth}")
        return _MODES[self.color_type] + (";16" if self.bit_depth > _BYTE else "")

    @property
    def filtered_size(self) -> int:
        """The bytes that all IDAT data must inflate to: rows with their filter bytes, for each pass."""
        return sum(one.height * (1 + one.row_bytes) for one in self.passes)

    @property
    def passes(self) -> tuple[Pass, ...]:
        """The passes that have pixels: one where the picture is not interlaced."""
        steps = _PASSES if self.interlaced else ((0, 0, 1, 1),)
        passes = (self._pass(*step) for step in steps)
        return tuple(one for one in passes if one.width > 0 and one.height > 0)

    @property
    def channels(self) -> int:
        """The samples of a pixel; an index into a palette is one."""
        return _CHANNELS[self.color_type]

    def _pass(self, left: int, top: int, across: int, down: int) -> Pass:
        width = -(-(self.width - left) // across)
        height = -(-(self.height - top) // down)
        return Pass(left, top, across, down, width, height, (width * self.bit_depth * self.channels + 7) // 8)


@dataclass(frozen=True, slots=True)
class PngWalk:
    """The contents of a PNG's chunks."""

    facts: ImageFacts
    shown: tuple[Pieces, ...]
    view: memoryview
    frame: Frame
    chunks: tuple[Chunk, ...]
    dropped: tuple[str, ...] = ()

    def kept(self) -> Iterator[tuple[str, Chunk]]:
        """Yield the chunks to keep, each with its place: "before" or "after" the image data."""
        place = "before"
        for chunk in self.chunks:
            if chunk.name == b"IDAT":
                place = "after"
            elif chunk.name in KEPT:
                yield place, chunk


def walk_png(view: memoryview) -> PngWalk:
    """Walk over all chunks up to IEND.

    Args:
        view: The whole file, which starts with the signature.

    Raises:
        TooManyPixels: IHDR declares more than the limit.
        ImageCorrupt: cut off, or not the structure of a PNG.
    """
    frame = _read_frame(view)
    check_size(frame.width, frame.height)
    chunks = tuple(_read_chunks(view))
    _check_order(frame, chunks)
    frames = _count_frames(view, frame, chunks)
    end = chunks[-1].end + 4
    exact, reason = _judge(frame, chunks, frames)
    trailing = end < len(view)
    facts = ImageFacts(
        format="PNG",
        mode=frame.mode,
        bit_depth=frame.bit_depth,
        width=frame.width,
        height=frame.height,
        frames=frames,
        exact=exact,
        reason="a PNG with bytes behind its end" if exact and trailing else reason,
        warnings=(TRAILING_DATA,) if trailing else (),
        complete=exact and not trailing,
        media_type=MEDIA_TYPES["PNG"],
    )
    spans = [(chunk.start - 8, chunk.end + 4) for chunk in chunks if chunk.name in _PIXELS]
    return PngWalk(facts, ((view[: len(SIGNATURE)], *merged(view, spans)),), view, frame, chunks)


def check_png(walk: PngWalk) -> tuple[str, ...]:
    """Run the checks that a walk omits because they take time: every checksum, and the length of the image data.

    Decoders check neither: Pillow ignores the checksum of IDAT, and reads missing data as black rows.

    Returns:
        Warnings that only this check finds.

    Raises:
        ImageCorrupt: a wrong checksum, or data of another length than IHDR declares.
    """
    check_checksums(walk)
    parts = [walk.view[chunk.start : chunk.end] for chunk in walk.chunks if chunk.name == b"IDAT"]
    return (TRAILING_DATA,) if _inflates_to(parts, walk.frame.filtered_size) else ()


def check_checksums(walk: PngWalk) -> None:
    """Check the checksum of every chunk.

    Raises:
        ImageCorrupt: a checksum is wrong.
    """
    for chunk in walk.chunks:
        stored = int.from_bytes(walk.view[chunk.end : chunk.end + 4], "big")
        if crc32(walk.view[chunk.start - 4 : chunk.end]) != stored:
            raise ImageCorrupt(f"the checksum of the chunk {chunk.name.decode()} is wrong")


def _read_frame(view: memoryview) -> Frame:
    if len(view) < 33 or bytes(view[8:16]) != b"\x00\x00\x00\rIHDR":  # noqa: PLR2004 - signature and IHDR
        raise ImageCorrupt("the PNG does not start with a whole IHDR chunk")
    width, height, depth, color, compression, filtering, interlace = struct.unpack_from(">IIBBBBB", view, 16)
    if not (0 < width < 2**31 and 0 < height < 2**31):
        raise ImageCorrupt("the PNG declares an impossible size")
    if depth not in _DEPTHS.get(color, ()) or compression or filtering or interlace > 1:
        raise ImageCorrupt("the PNG declares samples that do not exist")
    return Frame(width, height, depth, color, interlaced=interlace == 1)


def _read_chunks(view: memoryview) -> Iterator[Chunk]:
    at = len(SIGNATURE)
    for _ in range(MAX_CHUNKS):
        if at + 12 > len(view):
            raise ImageCorrupt("the PNG ends before its IEND chunk")
        size, name = struct.unpack_from(">I4s", view, at)
        if not _TYPE.fullmatch(name):
            raise ImageCorrupt("a chunk of the PNG has no name")
        if at + 12 + size > len(view):
            raise ImageCorrupt(f"the PNG is cut off in its chunk {name.decode()}")
        yield Chunk(name, at + 8, at + 8 + size)
        if name == b"IEND":
            return
        at += 12 + size
    raise ImageCorrupt(f"the PNG has more than {MAX_CHUNKS} chunks")


def _check_order(frame: Frame, chunks: tuple[Chunk, ...]) -> None:
    names = [chunk.name for chunk in chunks]
    if b"IDAT" not in names:
        raise ImageCorrupt("the PNG has no image data")
    first = names.index(b"IDAT")
    last = len(names) - names[::-1].index(b"IDAT")
    if any(name != b"IDAT" for name in names[first:last]):
        raise ImageCorrupt("the image data chunks of the PNG are not consecutive")
    if names.count(b"IHDR") != 1 or names.count(b"PLTE") > 1 or chunks[-1].end != chunks[-1].start:
        raise ImageCorrupt("a chunk of the PNG occurs twice or in a wrong place")
    if frame.color_type == PALETTE and b"PLTE" not in names[:first]:
        raise ImageCorrupt("the palette of the PNG is missing")


def _count_frames(view: memoryview, frame: Frame, chunks: tuple[Chunk, ...]) -> int:
    names = [chunk.name for chunk in chunks]
    if b"acTL" not in names[: names.index(b"IDAT")]:
        return 1
    controls = [chunk for chunk in chunks if chunk.name == b"fcTL"]
    declared = next(chunk for chunk in chunks if chunk.name == b"acTL")
    if declared.end - declared.start != 8 or struct.unpack_from(">I", view, declared.start)[0] != len(controls):  # noqa: PLR2004 - bytes
        raise ImageCorrupt("the PNG has not the frames that it declares")
    for control in controls:
        if control.end - control.start != 26:  # noqa: PLR2004 - bytes
            raise ImageCorrupt("a frame of the PNG is not described")
        width, height, left, top = struct.unpack_from(">IIII", view, control.start + 4)
        if not (0 < width <= frame.width - left and 0 < height <= frame.height - top):
            raise ImageCorrupt("a frame of the PNG does not lie in the picture")
    return max(1, len(controls))


def _judge(frame: Frame, chunks: tuple[Chunk, ...], frames: int) -> tuple[bool, str]:
    names = {chunk.name for chunk in chunks}
    strange = sorted(names - KEPT - {b"IHDR", b"IDAT", b"IEND"})
    kept = sum(64 + (chunk.end - chunk.start + 2) // 3 * 4 for chunk in chunks if chunk.name in KEPT)
    samples = f"a PNG with {describe_samples(frame.mode, frame.bit_depth)}"
    reasons = {
        f"an animated PNG ({frames} frames)": b"acTL" in names,
        "a PNG with a palette": frame.color_type == PALETTE,
        "a PNG with one transparent color": b"tRNS" in names,
        samples: (frame.color_type, frame.bit_depth) not in _EXACT,
        f"a PNG with a chunk {b''.join(strange[:1]).decode()}": bool(strange),
        "a PNG with profiles and text of more than 3 MB": kept > MAX_KEPT,
    }
    reason = next((reason for reason, found in reasons.items() if found), None)
    return reason is None, reason or samples


def _inflates_to(parts: list[memoryview], expected: int) -> bool:
    """Inflate and count; return whether bytes follow the end of the compressed stream, which readers ignore."""
    inflate = isal_zlib.decompressobj()
    done = 0
    pieces = [part[at : at + _INFLATE_STEP] for part in parts for at in range(0, len(part), _INFLATE_STEP)]
    read = 0
    for read, piece in enumerate(pieces, start=1):  # noqa: B007 - counted past the loop
        done += _inflate(inflate, piece, expected - done)
        if inflate.eof:
            break
    if done != expected or not inflate.eof:
        raise ImageCorrupt("the image data of the PNG are shorter than the picture")
    return read < len(pieces) or bool(inflate.unused_data)


def _inflate(inflate: isal_zlib.Decompress, piece: memoryview, room: int) -> int:
    """Count the bytes that a piece inflates to, and stop as soon as there are more than `room`."""
    done = 0
    rest: bytes | memoryview = piece
    while True:
        try:
            size = len(inflate.decompress(rest, _OUTPUT_STEP))
        except isal_zlib.error as error:  # type: ignore[misc] # its stub declares an instance
            raise ImageCorrupt("the image data of the PNG are damaged") from error
        done += size
        if done > room:
            raise ImageCorrupt("the image data of the PNG are longer than the picture")
        rest = inflate.unconsumed_tail
        if inflate.eof or (size < _OUTPUT_STEP and not rest):
            return done
