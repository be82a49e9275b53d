import pytest

from shield_core.recognition import is_picture, name_of
from tests.support import pictures


@pytest.mark.parametrize(
    ("data", "name", "picture"),
    [
        (pictures.as_png(pictures.make(8, 6)), "a PNG", True),
        (pictures.as_jpeg(pictures.make(8, 6)), "a JPEG", True),
        (pictures.as_bmp(pictures.make(8, 6)), "a BMP", True),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a WebP", True),
        (b"\x00\x00\x00\x18ftypheic", "a HEIC or AVIF", True),
        (b"GIF89a", "a GIF", True),
        (b"II*\x00", "a TIFF", True),
        (b"RIFF\x00\x00\x00\x00WAVE", None, False),
        (b'{"format": "imageshield-key-file"', "a key file", False),
        (b'\xef\xbb\xbf\r\n{"format":"imageshield-key-file"', "a key file", False),
        (b'{"format": "imageshield-receipt"', None, False),
        (b"QSMT\x01", "a material file", False),
        (b"QSIS\x01", "the header of an encrypted image", False),
        (b"", None, False),
    ],
)
def test_first_bytes_name_the_kind(data, name, picture):
    assert name_of(data) == name
    assert is_picture(name) == picture
    assert name_of(memoryview(data)) == name
