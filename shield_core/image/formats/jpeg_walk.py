"""A walk over the segments of a JPEG (ITU-T T.81, annex B; JFIF 1.02; Exif 2.32; ICC.1:2022, annex B.4)."""

import struct
from dataclasses import dataclass, field

import numpy as np

from shield_core.errors import ImageCorrupt
from shield_core.image.facts import (
    END_MISSING,
    FRAMES_DROPPED,
    MEDIA_TYPES,
    METADATA_DROPPED,
    TRAILING_DATA,
    ImageFacts,
    Pieces,
)
from shield_core.image.formats.jpeg_scans import are_complete
from shield_core.image.limits import MAX_CHUNKS, MAX_SCANS, MAX_UNENDED_SCANS, check_size
from shield_core.image.splice import merged
from shield_core.image.undecoded import NotDecoded

_SOI, _EOI, _SOS, _COM = 0xD8, 0xD9, 0xDA, 0xFE
_APP0, _APP1, _APP2, _APP14, _APP15 = 0xE0, 0xE1, 0xE2, 0xEE, 0xEF
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
# Baseline, extended and progressive, with Huffman or arithmetic coding: what libjpeg-turbo decodes into 8 bits.
_DECODED_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})
_MODES = {1: "L", 3: "RGB", 4: "CMYK"}
_END = b"\xff\xd9"
_MPF = b"MPF\x00"
_JFIF_SIZE = 14
_EXIF = b"Exif\x00\x00"
_ICC = b"ICC_PROFILE\x00"
_FIRST_WINDOW, _WINDOW = 4096, 1 << 20
# The most fill bytes in a window of a scan. The decoder reads them again with every block of the file: 50 MB take 40 s.
_MAX_FILL = 4096


@dataclass(frozen=True, slots=True)
class JpegWalk:
    """The contents of a JPEG's segments; `density` is (unit, x, y) of JFIF.

    If the end marker is missing, `shown` still ends with one.
    """

    facts: ImageFacts
    shown: tuple[Pieces, ...]
    exif: bytes
    icc: bytes
    density: tuple[int, int, int] | None
    dropped: tuple[str, ...]


@dataclass(slots=True)
class _Found:
    frame: tuple[int, int, int, int] | None = None
    scans: list[memoryview] = field(default_factory=list)
    exif: list[memoryview] = field(default_factory=list)
    icc: list[tuple[int, int, memoryview]] = field(default_factory=list)
    density: tuple[int, int, int] | None = None
    others: bool = False
    frames: bool = False
    spans: list[tuple[int, int]] = field(default_factory=list)


def walk_jpeg(view: memoryview) -> JpegWalk:
    """Walk over all segments and scans up to the end marker, or to the end of the file after a scan.

    Args:
        view: The whole file, which starts with the start marker.

    Raises:
        TooManyPixels: the frame declares more than the limit.
        NotDecoded: a coding that no decoder here reads: lossless, hierarchical, 12-bit.
        ImageCorrupt: cut off, not the structure of a JPEG, or too many scans to check that it is complete.
    """
    found = _Found(spans=[(0, 2)])
    end = _read_segments(view, found)
    if found.frame is None or not found.scans:
        raise ImageCorrupt("the JPEG has no picture")
    depth, height, width, components = found.frame
    if end is None and len(found.scans) > MAX_UNENDED_SCANS:
        raise ImageCorrupt(f"the JPEG has no end marker and more than {MAX_UNENDED_SCANS} scans")
    if end is None and not are_complete(found.scans, components):
        raise ImageCorrupt("the JPEG is cut off between its scans")
    mode = _MODES[components]
    icc = _join_icc(found.icc)
    dropped = {METADATA_DROPPED: found.others or (bool(found.icc) and not icc), FRAMES_DROPPED: found.frames}
    facts = ImageFacts(
        format="JPEG",
        mode=mode,
        bit_depth=depth,
        width=width,
        height=height,
        frames=1,
        exact=False,
        reason=_reason(mode, end),
        warnings=_warn(view, end),
        media_type=MEDIA_TYPES["JPEG"],
    )
    return JpegWalk(
        facts=facts,
        shown=((*merged(view, found.spans), *((memoryview(_END),) if end is None else ())),),
        exif=b"".join(found.exif),
        icc=icc,
        density=found.density,
        dropped=tuple(code for code, lost in dropped.items() if lost),
    )


def _reason(mode: str, end: int | None) -> str:
    if end is None:
        return "a JPEG without its end marker"
    return "a JPEG with CMYK samples" if mode == "CMYK" else "a JPEG, whose pixels are an approximation"


def _warn(view: memoryview, end: int | None) -> tuple[str, ...]:
    if end is None:
        return (END_MISSING,)
    return (TRAILING_DATA,) if end < len(view) else ()


def _read_segments(view: memoryview, found: _Found) -> int | None:
    """Read segment by segment; return the end of the picture, or None if the file ends in a scan."""
    at = 2
    for _ in range(MAX_CHUNKS):
        at = _next_marker(view, at)
        marker = view[at + 1]
        if marker == _EOI:
            found.spans.append((at, at + 2))
            return at + 2
        if marker in _STANDALONE:
            at += 2
            continue
        end = _segment_end(view, at)
        body = view[at + 4 : end]
        if _APP0 <= marker <= _APP15 or marker == _COM:
            # The decoder needs two of these segments to know the color coding: JFIF's and Adobe's.
            if _read_note(marker, body, found):
                found.spans.append((at, end))
        else:
            _read_coding(marker, body, found)
            if marker == _SOS:
                behind = _find_marker(view, end, check_first=False)
                if behind is None:
                    found.spans.append((at, len(view) - (view[-1] == 0xFF)))  # noqa: PLR2004 - half an end marker
                    return None
                end = behind
            found.spans.append((at, end))
        at = end
    raise ImageCorrupt(f"the JPEG has more than {MAX_CHUNKS} segments")


def _segment_end(view: memoryview, at: int) -> int:
    if at + 4 > len(view):
        raise ImageCorrupt("the JPEG is cut off")
    size = int.from_bytes(view[at + 2 : at + 4], "big")
    if size < 2 or at + 2 + size > len(view):  # noqa: PLR2004 - the length counts itself
        raise ImageCorrupt("the JPEG is cut off in a segment")
    return at + 2 + size


def _read_coding(marker: int, body: memoryview, found: _Found) -> None:
    if marker == _SOI:
        raise ImageCorrupt("the JPEG starts twice")
    if marker in _FRAMES:
        _read_frame(marker, body, found)
    if marker == _SOS:
        found.scans.append(body)
        if found.frame is None or len(found.scans) > MAX_SCANS:
            raise ImageCorrupt("the JPEG has a scan without a frame, or too many of them")


def _read_frame(marker: int, body: memoryview, found: _Found) -> None:
    if found.frame is not None or len(body) < 6:  # noqa: PLR2004 - precision, size, components
        raise ImageCorrupt("the JPEG describes its picture twice or not at all")
    depth, height, width, components = struct.unpack_from(">BHHB", body)
    check_size(width, height)
    if marker not in _DECODED_FRAMES or depth != 8 or components not in _MODES:  # noqa: PLR2004 - bits
        raise NotDecoded("a lossless, hierarchical or 12-bit JPEG", width=width, height=height)
    if not width or not height:
        raise ImageCorrupt("the JPEG does not declare its size")
    found.frame = (depth, height, width, components)


def _read_note(marker: int, body: memoryview, found: _Found) -> bool:
    """Record the data to keep from a segment without pixels; return whether the decoder needs the segment."""
    if marker == _APP0 and bytes(body[:5]) == b"JFIF\x00" and len(body) >= 12:  # noqa: PLR2004 - version, density
        found.others |= found.density is not None or len(body) > _JFIF_SIZE  # a thumbnail
        found.density = found.density or struct.unpack_from(">BHH", body, 7)
        return True
    if marker == _APP14 and bytes(body[:5]) == b"Adobe":
        return True
    if marker == _APP1 and bytes(body[:6]) == _EXIF:
        found.exif.append(body[6:])
    elif marker == _APP2 and bytes(body[:12]) == _ICC and len(body) > 14:  # noqa: PLR2004 - number and count
        found.icc.append((body[12], body[13], body[14:]))
    elif marker == _APP2 and bytes(body[:4]) == _MPF:
        found.frames = True
    else:
        found.others = True
    return False


def _join_icc(parts: list[tuple[int, int, memoryview]]) -> bytes:
    """Join the parts of a profile; a profile with a missing or duplicate part is ignored."""
    ordered = sorted(parts, key=lambda part: part[0])
    if [part[0] for part in ordered] != list(range(1, len(parts) + 1)) or any(part[1] != len(parts) for part in parts):
        return b""
    return b"".join(part[2] for part in ordered)


def _next_marker(view: memoryview, at: int) -> int:
    found = _find_marker(view, at)
    if found is None:
        raise ImageCorrupt("the JPEG is cut off before its end marker")
    return found


def _find_marker(view: memoryview, at: int, *, check_first: bool = True) -> int | None:
    """Find the next marker that is neither a stuffed byte, a fill byte nor a restart.

    It takes linear time for any bytes: a hostile file is 50 MB of FF 00.

    Raises:
        NotDecoded: there are so many fill bytes that a decoder would take minutes.
    """
    if check_first and at + 1 < len(view) and view[at] == 0xFF and 0 < view[at + 1] < 0xFF:  # noqa: PLR2004 - bytes
        return at
    window = _FIRST_WINDOW
    while at + 1 < len(view):
        part = np.frombuffer(view[at : at + window + 1], np.uint8)
        places = np.flatnonzero(part[:-1] == 0xFF)  # noqa: PLR2004 - byte
        after = part[places + 1]
        if np.count_nonzero(after == 0xFF) > _MAX_FILL:  # noqa: PLR2004 - byte
            raise NotDecoded("a JPEG with long runs of filling")
        places = places[(after != 0) & (after != 0xFF) & ((after < 0xD0) | (after > 0xD7))]  # noqa: PLR2004 - bytes
        if places.size:
            return at + int(places[0])
        at += window
        window = min(2 * window, _WINDOW)
    return None
