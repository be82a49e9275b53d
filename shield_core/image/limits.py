"""The limits of accepted files, each with its reason."""

from shield_core.errors import TooManyPixels

MAX_BYTES = 50_000_000
"""Bytes of an original. A worker holds the file, its pixels and the result in memory at the same time."""

MAX_PIXELS = 25_000_000
"""Pixels of a picture that is decoded, read from its header before that: 75 MB of RGB."""

MAX_FILE_PIXELS = 200_000_000
"""Pixels of a picture that is encrypted as a file and not decoded: the largest cameras make such pictures."""

MAX_ENCRYPTED_BYTES = 112_000_000
"""Bytes of an encrypted image: 25 million RGBA pixels, filter bytes, checksums and metadata."""

MAX_MATERIAL_BYTES = 320_000_000
"""Bytes of a material file: with the purity `maximum` one bit for every bit of keystream, 225 MB for 25 million RGBA
pixels."""

MAX_METADATA = 4 * 1024 * 1024
"""Bytes of encrypted metadata: common PNG readers refuse an ancillary chunk of 8,000,000 bytes."""

MAX_KEPT = MAX_METADATA - 64 * 1024
"""Bytes of the data kept of a file (profiles, EXIF, text) in the metadata, as Base64, beside everything else."""

MAX_CHUNKS = 65_536
"""Chunks, segments or TIFF entries of a file: a walk over this number takes 0.1 s. With libpng's usual chunks of 8 KiB,
a PNG of 50 MB has 6,100."""

MAX_SCANS = 100
"""Scans of a progressive JPEG. Encoders write about 10; each is one more pass, 15 ms at 25 megapixels."""

MAX_UNENDED_SCANS = MAX_SCANS // 4
"""Scans of a JPEG without an end marker, which is decoded and hashed three times to check that it has all its pixels:
with this limit it costs at most as much as one with its end marker, 3 s at 25 megapixels. Encoders write about 10."""

MAX_TIFF_ENTRIES = 65_535
"""Entries of one directory of a TIFF: their number has two bytes."""

MAX_STRIPS = 65_536
"""Strips or tiles of a TIFF page; the decoder handles each separately, in Python."""

MAX_RLE_BYTES = 4_000_000
"""Bytes of a run-length encoded BMP. The decoder takes half a second for a million runs, whatever their length."""

MAX_DECODED_PIXELS = 2 * MAX_PIXELS
"""Pixels that are decoded of an animation or a file of many pages, to check that it is sound; for later frames only the
structure is checked."""

MIN_FRAME_COST = 65_536
"""The least number of pixels that a frame counts against `MAX_DECODED_PIXELS`: tiny frames cost time as well."""

MAX_NAME_BYTES = 255
"""Bytes of a file name, in UTF-8: the limit of common file systems."""

MAX_AVALANCHE_PIXELS = 1_000_000
"""Pixels of a picture for the avalanche test: it is encrypted 193 times, which takes some seconds."""


def check_size(width: int, height: int, *, limit: int = MAX_FILE_PIXELS) -> None:
    """Refuse a picture if the size in its header is over the limit, before anything is decoded.

    Raises:
        TooManyPixels: more than the limit.
    """
    if width * height > limit:
        raise TooManyPixels(f"{width} by {height} is {width * height:,} pixels; the limit is {limit:,}")
