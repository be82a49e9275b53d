"""Recognition of a file's kind by its first bytes, for error messages that name a wrong file."""

from typing import Final

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
KEY_FILE: Final = "a key file"
MATERIAL: Final = "a material file"
HEADER: Final = "the header of an encrypted image"
PNG: Final = "a PNG"
JPEG: Final = "a JPEG"

_KEY_FILE_FORMAT: Final = b'"imageshield-key-file"'
_LOOKED_AT: Final = 1024
"""Bytes from the beginning: the first three lines of a key file name the format, in any spelling."""

_BEGINNINGS: Final = (
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"GIF8", "a GIF"),
    (b"BM", "a BMP"),
    (b"II*\x00", "a TIFF"),
    (b"MM\x00*", "a TIFF"),
    (b"QSMT", MATERIAL),
    (b"QSIS", HEADER),
    (b"imageshield-secret-1:", "a recipient's secret key"),
    (b"imageshield-public-1:", "a recipient's public key"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF-", "a PDF"),
)
_PICTURES: Final = frozenset({PNG, JPEG, "a GIF", "a BMP", "a TIFF", "a WebP", "a HEIC or AVIF"})


def name_of(data: bytes | bytearray | memoryview) -> str | None:
    """Name the kind of a file.

    Args:
        data: the whole file, or its beginning.

    Returns:
        The kind with its article, such as "a JPEG", or None if it is not known.
    """
    start = bytes(data[:_LOOKED_AT])
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "a WebP"
    if start[4:8] == b"ftyp":
        return "a HEIC or AVIF"
    if start.removeprefix(BYTE_ORDER_MARK).lstrip().startswith(b"{") and _KEY_FILE_FORMAT in start:
        return KEY_FILE
    return next((name for beginning, name in _BEGINNINGS if start.startswith(beginning)), None)


def is_picture(name: str | None) -> bool:
    """Return whether a kind that `name_of` returned is a picture."""
    return name in _PICTURES
