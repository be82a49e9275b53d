"""Refused file formats that users often upload as pictures: the name of each, and advice."""

import re
from typing import Final

TAKEN: Final = (
    "PNG, JPEG, BMP, TIFF, WebP, HEIC, AVIF, GIF, JPEG XL, Photoshop documents, icons and raw pictures of cameras"
)

_UNKNOWN = f"the file starts like no picture that is taken: {TAKEN}"
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|!doctype|!--|svg|html)", re.IGNORECASE)
_LOOKED_AT = 4096

_AS_PICTURE = "export the page or frame that counts as PNG"
_SAVE = "save it as PNG or TIFF"
_KEY_FILE = "it goes with the encrypted image when that is decrypted"
_MAGIC: Final = {
    b"%PDF": ("a PDF", _AS_PICTURE),
    b"%!PS": ("a PostScript document", _AS_PICTURE),
    b"\x0a\x05\x01": ("a PCX picture", _SAVE),
    b"\x76\x2f\x31\x01": ("an OpenEXR picture", _SAVE),
    b"#?RADIANCE": ("a Radiance picture", _SAVE),
    b"\x00\x00\x00\x0cjP  ": ("a JPEG 2000 picture", _SAVE),
    b"\xff\x4f\xff\x51": ("a JPEG 2000 picture", _SAVE),
    b"II\xbc\x01": ("a JPEG XR picture", _SAVE),
    b"DDS ": ("a DirectDraw surface", _SAVE),
    b"qoif": ("a QOI picture", _SAVE),
    b"SIMPLE  =": ("a FITS file", _SAVE),
    b"P1\n": ("a Netpbm picture", _SAVE),
    b"P2\n": ("a Netpbm picture", _SAVE),
    b"P3\n": ("a Netpbm picture", _SAVE),
    b"P4\n": ("a Netpbm picture", _SAVE),
    b"P5\n": ("a Netpbm picture", _SAVE),
    b"P6\n": ("a Netpbm picture", _SAVE),
    b"PK\x03\x04": ("a ZIP archive", "unpack it, or send it as `archive` to /batch/encrypt"),
    b"Rar!": ("a RAR archive", "unpack it"),
    b"7z\xbc\xaf\x27\x1c": ("a 7-Zip archive", "unpack it"),
    b"\x1f\x8b": ("a gzip file", "unpack it"),
    b"\x1aE\xdf\xa3": ("a Matroska or WebM video", _AS_PICTURE),
    b"QSMT": ("a material file", _KEY_FILE),
}


def name_of(view: memoryview) -> str:
    """Describe a refused file and what the user can do; if its kind is not known, give a reason.

    Args:
        view: the whole file.
    """
    start = bytes(view[:_LOOKED_AT])
    if _MARKUP.match(start) and _SVG.search(start):
        return "this is an SVG drawing, which is a program and no picture: export it as PNG"
    what, advice = next((known for magic, known in _MAGIC.items() if start.startswith(magic)), _look_further(start))
    return f"this is {what}, which is not taken: {advice}" if what else _UNKNOWN


def _look_further(start: bytes) -> tuple[str, str]:
    """Recognize formats without distinctive first bytes by a mark further inside the file."""
    marks = {
        ("a document of markup", _AS_PICTURE): _MARKUP.match(start) is not None,
        ("a video or another kind of media", _AS_PICTURE): start[4:8] == b"ftyp",
        ("a DICOM file", _SAVE): start[128:132] == b"DICM",
        ("a key file", _KEY_FILE): b'"imageshield-key-file"' in start,
    }
    return next((known for known, found in marks.items() if found), ("", ""))
