"""The headers of a BMP (BITMAPINFOHEADER, BITMAPV4HEADER, BITMAPV5HEADER of the Windows GDI reference)."""

import struct
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt
from shield_core.image.facts import MEDIA_TYPES, METADATA_DROPPED, TRAILING_DATA, ImageFacts, Pieces, describe_samples
from shield_core.image.formats.bmp_runs import are_sound
from shield_core.image.limits import MAX_RLE_BYTES, check_size
from shield_core.image.undecoded import NotDecoded

FILE_HEADER: Final = 14
HEADER_SIZES: Final = frozenset({12, 40, 52, 56, 64, 108, 124})
"""The sizes of existing headers; a file that starts with "BM" and has another size is not a picture."""

# Headers that begin with the fields of BITMAPINFOHEADER and say nothing else about the samples that are kept.
EXACT_HEADERS: Final = frozenset({40, 52, 56, 108, 124})
_CORE_HEADER, _V5_HEADER = 12, 124
_RGB, _RLE8, _RLE4, _BITFIELDS, _JPEG, _PNG, _ALPHABITFIELDS = 0, 1, 2, 3, 4, 5, 6
_RUNS: Final = {_RLE8: 8, _RLE4: 4}
_BYTE, _TWO_BYTES, _FOUR_BYTES = 8, 16, 32
_RESERVED = slice(6, 10)
_ENTRY = 4
_PROFILE_TYPES = (b"DEBM", b"KNIL")  # PROFILE_EMBEDDED and PROFILE_LINKED, little-endian
_BLACK_WHITE = (0, 255)
_GRAY = np.repeat(np.arange(256, dtype=np.uint8), 3).tobytes()


@dataclass(frozen=True, slots=True)
class Bitmap:
    """The fields of a BMP's header; `entry` is the size of a palette entry."""

    header_size: int
    width: int
    height: int
    top_down: bool
    bits: int
    compression: int
    image_size: int
    palette_colors: int
    entry: int

    @property
    def stride(self) -> int:
        """The bytes of a row, padded to 4."""
        return (self.width * self.bits + 31) // 32 * 4

    @property
    def header_end(self) -> int:
        """The end of header and palette in the file."""
        masks = 12 if self.compression == _BITFIELDS and self.header_size == 40 else 0  # noqa: PLR2004 - bytes
        return FILE_HEADER + self.header_size + masks + self.palette_colors * self.entry


@dataclass(frozen=True, slots=True)
class BmpWalk:
    """The contents of a BMP's headers."""

    facts: ImageFacts
    shown: tuple[Pieces, ...]
    view: memoryview
    bitmap: Bitmap
    pixel_offset: int
    dropped: tuple[str, ...] = ()

    @property
    def has_sound_runs(self) -> bool:
        """Return whether it has valid run-length encoding, even if no decoder here reads it."""
        bitmap = self.bitmap
        if bitmap.compression not in _RUNS or bitmap.bits != _RUNS[bitmap.compression]:
            return False
        end = self.pixel_offset + (bitmap.image_size or len(self.view))
        runs = self.view[self.pixel_offset : end]
        return are_sound(runs, width=bitmap.width, height=bitmap.height, bits=bitmap.bits)

    def header(self) -> bytes:
        """Return header and palette unchanged, without the file header."""
        return bytes(self.view[FILE_HEADER : self.bitmap.header_end])


def walk_bmp(view: memoryview) -> BmpWalk:
    """Read the headers.

    Args:
        view: The whole file, which starts with "BM".

    Raises:
        TooManyPixels: the header declares more than the limit.
        NotDecoded: a JPEG or PNG inside a BMP, a long run-length encoding, or a palette that the decoder misreads.
        ImageCorrupt: cut off, or not the header of a BMP.
    """
    bitmap = read_header(view[FILE_HEADER:])
    check_size(bitmap.width, bitmap.height)
    pixel_offset = int.from_bytes(view[10:14], "little")
    if bitmap.header_end > len(view) or not bitmap.header_end <= pixel_offset <= len(view):
        raise ImageCorrupt("the BMP is cut off, or its pixels overlap its header")
    end = _find_end(view, bitmap, pixel_offset)
    if _is_misread(view, bitmap):
        raise _not_decoded("a BMP whose palette is a ramp of gray", bitmap)
    mode = _mode(view, bitmap)
    exact, reason = _judge(view, bitmap, mode)
    trailing = _has_trailing(view, end)
    loss = _find_loss(view, bitmap, pixel_offset) if exact else None
    facts = ImageFacts(
        format="BMP",
        mode=mode,
        bit_depth=min(8, bitmap.bits),
        width=bitmap.width,
        height=bitmap.height,
        frames=1,
        exact=exact,
        reason=loss or ("a BMP with bytes behind its end" if exact and trailing else reason),
        warnings=(TRAILING_DATA,) if trailing else (),
        complete=exact and loss is None and not trailing,
        media_type=MEDIA_TYPES["BMP"],
    )
    return BmpWalk(facts, ((view,),), view, bitmap, pixel_offset, (METADATA_DROPPED,) if loss else ())


def read_header(header: memoryview) -> Bitmap:
    """Read the header that follows the file header.

    Raises:
        ImageCorrupt: shorter than it says, or fields that contradict each other.
    """
    size = int.from_bytes(header[:4], "little")
    if size not in HEADER_SIZES or len(header) < size:
        raise ImageCorrupt("the BMP is cut off in its header")
    if size == _CORE_HEADER:
        width, height, planes, bits = struct.unpack_from("<HHHH", header, 4)
        compression = image_size = colors = 0
    else:
        width, height, planes, bits, compression, image_size = struct.unpack_from("<iiHHII", header, 4)
        colors = int.from_bytes(header[32:36], "little")
    if width <= 0 or height in {0, -(2**31)} or planes != 1 or not _is_depth(bits, compression):
        raise ImageCorrupt("the BMP declares a picture that cannot be")
    palette = min(colors or 2**bits, 256) if 0 < bits <= _BYTE else min(colors, 256)
    return Bitmap(
        header_size=size,
        width=width,
        height=abs(height),
        top_down=height < 0,
        bits=bits,
        compression=compression,
        image_size=image_size,
        palette_colors=palette,
        entry=3 if size == _CORE_HEADER else 4,
    )


def _is_depth(bits: int, compression: int) -> bool:
    """Return whether the depth is valid: around JPEG and PNG, which state their own depth, GDI requires 0."""
    return bits in {1, 4, 8, 16, 24, 32} or (bits == 0 and compression in {_JPEG, _PNG})


def read_rows(walk: BmpWalk) -> NDArray[np.uint8]:
    """Copy the samples of an exact BMP out of the file, from the top, in the order red, green, blue.

    Returns:
        Shape (height · width, 1 or 3), uint8, C-contiguous.
    """
    bitmap = walk.bitmap
    channels = bitmap.bits // 8
    rows = _rows(walk.view, bitmap, walk.pixel_offset)[:, : bitmap.width * channels]
    upright = rows if bitmap.top_down else rows[::-1]
    pixels = upright.reshape(bitmap.height, bitmap.width, channels)
    samples = np.empty((bitmap.height, bitmap.width, channels), np.uint8)
    samples[...] = pixels[:, :, ::-1]
    return samples.reshape(-1, channels)


def is_gray(palette: bytes) -> bool:
    """Return whether a palette of 256 entries of 4 bytes is gray; the last byte of an entry is ignored."""
    return np.frombuffer(palette, np.uint8).reshape(-1, 4)[:, :3].tobytes() == _GRAY


def has_profile(header: bytes) -> bool:
    """Return whether a header, without the file header, has a color profile."""
    return header[:4] == _V5_HEADER.to_bytes(4, "little") and header[56:60] in _PROFILE_TYPES


def _rows(view: memoryview, bitmap: Bitmap, pixel_offset: int) -> NDArray[np.uint8]:
    rows = np.frombuffer(view, np.uint8, bitmap.stride * bitmap.height, pixel_offset)
    return rows.reshape(bitmap.height, bitmap.stride)


def _find_loss(view: memoryview, bitmap: Bitmap, pixel_offset: int) -> str | None:
    """Describe what a BMP with exactly restored pixels would lose, or return None."""
    filling = _rows(view, bitmap, pixel_offset)[:, bitmap.width * bitmap.bits // 8 :]
    if any(view[_RESERVED]) or np.frombuffer(view[bitmap.header_end : pixel_offset], np.uint8).any() or filling.any():
        return "a BMP with bytes between its header and its rows, or behind them"
    return None


def _find_end(view: memoryview, bitmap: Bitmap, pixel_offset: int) -> int:
    if bitmap.compression in {_RGB, _BITFIELDS, _ALPHABITFIELDS}:
        end = pixel_offset + bitmap.stride * bitmap.height
    elif bitmap.compression in {_RLE8, _RLE4}:
        end = pixel_offset + (bitmap.image_size or len(view) - pixel_offset)
        if end - pixel_offset > MAX_RLE_BYTES:
            raise _not_decoded(f"a run-length encoded BMP of more than {MAX_RLE_BYTES:,} bytes", bitmap)
    else:
        if pixel_offset + bitmap.image_size > len(view):
            raise ImageCorrupt("the BMP is cut off in the picture that it holds")
        raise _not_decoded("a BMP that holds a picture of another format", bitmap)
    if end > len(view):
        raise ImageCorrupt("the BMP is cut off in its pixels")
    return max(end, _profile_end(view))


def _not_decoded(reason: str, bitmap: Bitmap) -> NotDecoded:
    return NotDecoded(reason, width=bitmap.width, height=bitmap.height)


def _profile_end(view: memoryview) -> int:
    if not has_profile(bytes(view[FILE_HEADER : FILE_HEADER + _V5_HEADER])):
        return 0
    offset, size = struct.unpack_from("<II", view, FILE_HEADER + 112)
    if FILE_HEADER + offset + size > len(view):
        raise ImageCorrupt("the BMP is cut off in its color profile")
    return int(FILE_HEADER + offset + size)


def _has_trailing(view: memoryview, end: int) -> bool:
    padded = -(-end // 4) * 4  # some programs pad to a multiple of 4 with zeros
    return len(view) > padded or any(view[end:])


def _mode(view: memoryview, bitmap: Bitmap) -> str:
    if bitmap.bits > _BYTE:
        return "RGBA" if bitmap.bits == _FOUR_BYTES and bitmap.compression else "RGB"
    return "L" if bitmap.bits == _BYTE and _is_gray(view, bitmap) else "P"


def _is_gray(view: memoryview, bitmap: Bitmap) -> bool:
    return bitmap.entry == _ENTRY and is_gray(bytes(view[FILE_HEADER + bitmap.header_size : bitmap.header_end]))


def _is_misread(view: memoryview, bitmap: Bitmap) -> bool:
    """Return whether the decoder reads rows with a wrong depth.

    If color i of the palette is (i, i, i), Pillow drops the palette and reads rows of 8 bits, or of 1 bit if there are
    at most two colors, black and white, regardless of the header. It fails, or returns another picture.
    """
    colors = bitmap.palette_colors
    if bitmap.compression or bitmap.bits > _BYTE or bitmap.bits == (1 if colors <= len(_BLACK_WHITE) else _BYTE):
        return False
    start = FILE_HEADER + bitmap.header_size
    palette = np.frombuffer(view[start : bitmap.header_end], np.uint8).reshape(colors, bitmap.entry)
    ramp = np.array(_BLACK_WHITE if colors == len(_BLACK_WHITE) else range(colors))
    return bool((palette[:, :3] == ramp[:, None]).all())


def _judge(view: memoryview, bitmap: Bitmap, mode: str) -> tuple[bool, str]:
    rare = bitmap.compression or bitmap.bits == _TWO_BYTES or bitmap.header_size not in EXACT_HEADERS
    reasons = {
        "a run-length encoded BMP": bitmap.compression in {_RLE8, _RLE4},
        "a BMP with 32 bits a pixel": bitmap.bits == _FOUR_BYTES,
        "a BMP with a palette": mode == "P",
        "a BMP of a kind that is rarely written": bool(rare),
        "a BMP with a color profile": has_profile(bytes(view[FILE_HEADER : FILE_HEADER + _V5_HEADER])),
    }
    reason = next((reason for reason, found in reasons.items() if found), None)
    return reason is None, reason or f"a BMP with {describe_samples(mode, _BYTE)}"
