"""A writer of BMP files from pixels and the header of the original."""

import io

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import ImageCorrupt
from shield_core.image.formats.bmp_walk import EXACT_HEADERS, FILE_HEADER, Bitmap, has_profile, is_gray, read_header

_IMAGE_SIZE = slice(20, 24)
_RESERVED = bytes(4)
_STRIP_BYTES = 1 << 20


def write_bmp(samples: NDArray[np.uint8], header: bytes, *, width: int, height: int) -> bytes:
    """Write rows in the order and with the padding of the header.

    Args:
        samples: Shape (height · width, 1 or 3), uint8, from the top, in the order red, green, blue.
        header: Header and palette of the original.
        width: Pixels.
        height: Pixels.

    Returns:
        The file.

    Raises:
        ImageCorrupt: the header does not describe such a picture.
    """
    bitmap = read_header(memoryview(header))
    channels = samples.shape[1]
    if not _fits(bitmap, header, channels) or (bitmap.width, bitmap.height) != (width, height):
        raise ImageCorrupt("the header is of another picture")
    size = bitmap.stride * height
    out = io.BytesIO()
    out.write(_describe(header, size, keeps_size=bool(bitmap.image_size)))
    pixels = samples.reshape(height, width, channels)
    upright = pixels if bitmap.top_down else pixels[::-1]
    step = max(1, _STRIP_BYTES // bitmap.stride)
    for top in range(0, height, step):
        part = upright[top : top + step]
        rows = np.zeros((len(part), bitmap.stride), np.uint8)
        rows[:, : width * channels] = part[:, :, ::-1].reshape(len(part), -1)
        out.write(rows.data)
    return out.getvalue()


def _describe(header: bytes, size: int, *, keeps_size: bool) -> bytes:
    start = FILE_HEADER + len(header)
    own = bytearray(header)
    if keeps_size:
        own[_IMAGE_SIZE] = size.to_bytes(4, "little")
    return b"BM" + (start + size).to_bytes(4, "little") + _RESERVED + start.to_bytes(4, "little") + own


def _fits(bitmap: Bitmap, header: bytes, channels: int) -> bool:
    return (
        bitmap.header_size in EXACT_HEADERS
        and not bitmap.compression
        and bitmap.bits == 8 * channels
        and channels in {1, 3}
        and FILE_HEADER + len(header) == bitmap.header_end
        and (channels == 3 or is_gray(header[bitmap.header_size :]))  # noqa: PLR2004 - red, green, blue
        and not has_profile(header)
    )
