"""A walk over the chunks of a WebP (RFC 9649)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from shield_core.errors import ImageCorrupt
from shield_core.image.facts import MEDIA_TYPES, METADATA_DROPPED, TRAILING_DATA, ImageFacts, Pieces
from shield_core.image.limits import MAX_CHUNKS, check_size

_HEADER = 12
_PICTURES = frozenset({b"VP8 ", b"VP8L"})
_SINGLE = frozenset({b"EXIF", b"ICCP"})
_KNOWN = _PICTURES | _SINGLE | {b"VP8X", b"ALPH", b"ANIM", b"ANMF"}
_ALPHA_FLAG, _ANIMATION_FLAG = 0x10, 0x02


@dataclass(frozen=True, slots=True)
class WebpWalk:
    """The contents of a WebP's chunks."""

    facts: ImageFacts
    shown: tuple[Pieces, ...]
    lossless: bool
    exif: bytes
    icc: bytes
    dropped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Canvas:
    width: int
    height: int
    alpha: bool
    animated: bool


def walk_webp(view: memoryview) -> WebpWalk:
    """Walk over all chunks.

    Args:
        view: The whole file, which starts with "RIFF", a size and "WEBP".

    Raises:
        TooManyPixels: a header declares more than the limit.
        ImageCorrupt: cut off, or not the structure of a WebP.
    """
    # The size counts the bytes after itself; a byte of padding follows an odd size.
    end = 8 + int.from_bytes(view[4:8], "little")
    canvas = _read_canvas(view)
    check_size(canvas.width, canvas.height)
    if end > len(view) or end < _HEADER:
        raise ImageCorrupt("the WebP is cut off")
    chunks = dict[bytes, memoryview]()
    frames = 0
    others = False
    for name, body in _read_chunks(view[:end]):
        others |= name not in _KNOWN or (name in _SINGLE and name in chunks)
        chunks.setdefault(name, body)
        frames += name == b"ANMF"
        _check_inside(name, body, canvas)
    lossless = not canvas.animated and b"VP8L" in chunks
    _check_picture(canvas, chunks, frames)
    facts = ImageFacts(
        format="WEBP",
        mode="RGBA" if canvas.alpha else "RGB",
        bit_depth=8,
        width=canvas.width,
        height=canvas.height,
        frames=max(1, frames),
        exact=False,
        reason=_reason(frames, lossless=lossless),
        warnings=(TRAILING_DATA,) if len(view) > end + end % 2 else (),
        media_type=MEDIA_TYPES["WEBP"],
    )
    exif = bytes(chunks.get(b"EXIF", b""))
    return WebpWalk(
        facts=facts,
        shown=((view[:end],),),
        lossless=lossless,
        exif=exif.removeprefix(b"Exif\x00\x00"),
        icc=bytes(chunks.get(b"ICCP", b"")),
        dropped=(METADATA_DROPPED,) if others else (),
    )


def _reason(frames: int, *, lossless: bool) -> str:
    if frames > 1:
        return f"an animated WebP ({frames} frames)"
    return "a lossless WebP, which is not written again" if lossless else "a WebP, whose pixels are an approximation"


def _read_chunks(view: memoryview) -> Iterator[tuple[bytes, memoryview]]:
    at = _HEADER
    for _ in range(MAX_CHUNKS):
        if at + 8 > len(view):
            return
        size = int.from_bytes(view[at + 4 : at + 8], "little")
        if at + 8 + size > len(view):
            raise ImageCorrupt("the WebP is cut off in a chunk")
        yield bytes(view[at : at + 4]), view[at + 8 : at + 8 + size]
        at += 8 + size + size % 2
    raise ImageCorrupt(f"the WebP has more than {MAX_CHUNKS} chunks")


def _read_canvas(view: memoryview) -> _Canvas:
    """Read the first chunk: it declares the size of the picture."""
    name, body = bytes(view[12:16]), view[20:]
    if name == b"VP8X" and len(body) >= 10:  # noqa: PLR2004 - its size
        width, height = (int.from_bytes(body[at : at + 3], "little") + 1 for at in (4, 7))
        return _Canvas(width, height, bool(body[0] & _ALPHA_FLAG), bool(body[0] & _ANIMATION_FLAG))
    if name in _PICTURES:
        return _read_size(name, body)
    raise ImageCorrupt("the WebP does not start with a picture")


def _read_size(name: bytes, body: memoryview) -> _Canvas:
    if name == b"VP8 " and len(body) >= 10 and bytes(body[3:6]) == b"\x9d\x01\x2a":  # noqa: PLR2004 - RFC 6386, section 9.1
        width, height = struct.unpack_from("<HH", body, 6)
        return _Canvas(width & 0x3FFF, height & 0x3FFF, alpha=False, animated=False)
    if name == b"VP8L" and len(body) >= 5 and body[0] == 0x2F:  # noqa: PLR2004 - RFC 9649, section 3.4
        bits = int.from_bytes(body[1:5], "little")
        return _Canvas((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1, alpha=bool(bits >> 28 & 1), animated=False)
    raise ImageCorrupt("the picture in the WebP has no header")


def _check_inside(name: bytes, body: memoryview, canvas: _Canvas) -> None:
    """Refuse a picture or frame larger than the declared canvas."""
    if name in _PICTURES:
        inner = _read_size(name, body)
        if (inner.width, inner.height) != (canvas.width, canvas.height) or canvas.animated:
            raise ImageCorrupt("the picture in the WebP is not as large as the WebP")
    elif name == b"ANMF":
        if len(body) < 16:  # noqa: PLR2004 - its header
            raise ImageCorrupt("a frame of the WebP is cut off")
        left, top, width, height = (int.from_bytes(body[at : at + 3], "little") for at in (0, 3, 6, 9))
        if 2 * left + width + 1 > canvas.width or 2 * top + height + 1 > canvas.height or not canvas.animated:
            raise ImageCorrupt("a frame of the WebP does not lie in the picture")


def _check_picture(canvas: _Canvas, chunks: dict[bytes, memoryview], frames: int) -> None:
    if not canvas.width or not canvas.height or (not frames and not _PICTURES & chunks.keys()):
        raise ImageCorrupt("the WebP has no picture")
