"""Compressed strips of a TIFF: hidden data is not lost, and damage is found."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shield_core.errors import ImageCorrupt
from shield_core.image.formats.tiff_strips import check_strips
from shield_core.image.intake import examine, survey
from shield_core.image.payload import Layout, build
from tests.support import pictures

CODECS = ("tiff_lzw", "packbits", "tiff_adobe_deflate", "tiff_deflate")
SECRET = b"a word that nobody sees"


def as_tiff(image, codec, **options):
    file = io.BytesIO()
    image.save(file, "TIFF", compression=codec, **options)
    return file.getvalue()


def entries(data):
    """Return the position of each entry of the only directory, by its tag."""
    [first] = struct.unpack_from("<I", data, 4)
    [count] = struct.unpack_from("<H", data, first)
    places = range(first + 2, first + 2 + 12 * count, 12)
    return {struct.unpack_from("<H", data, at)[0]: at for at in places}


def strip_of(data):
    """Return the start and size of the only strip."""
    found = entries(data)
    kinds = {3: "<H", 4: "<I"}
    return [
        struct.unpack_from(kinds[struct.unpack_from("<H", data, found[tag] + 2)[0]], data, found[tag] + 8)[0]
        for tag in (273, 279)
    ]


def with_strip(data, strip):
    """Replace the only strip with another, at the end of the file."""
    start, size = strip_of(data)
    data = bytearray(data[:start] + bytes(size) + data[start + size :])
    data += bytes(len(data) % 2)
    for tag, value in ((273, len(data)), (279, len(strip))):
        struct.pack_into("<HHII", data, entries(data)[tag], tag, 4, 1, value)
    return bytes(data + strip)


def picture(codec, mode="L", size=(50, 40)):
    data = as_tiff(pictures.make(*size, mode), codec)
    start, length = strip_of(data)
    return data, data[start : start + length]


def layout_of(data):
    return build(data, examine(data)).layout


class TestSound:
    @pytest.mark.parametrize("codec", CODECS)
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    @pytest.mark.parametrize("size", [(1, 1), (50, 40), (701, 333)])
    def test_strips_hold_the_picture_and_nothing_else(self, codec, mode, size):
        data = as_tiff(pictures.make(*size, mode), codec)
        assert check_strips(survey(data).strips) == ()
        assert layout_of(data) is Layout.PIXELS

    @settings(max_examples=60)
    @given(
        codec=st.sampled_from(CODECS),
        width=st.integers(1, 400),
        height=st.integers(1, 60),
        levels=st.integers(1, 256),
        seed=st.integers(0, 2**32 - 1),
        rows=st.integers(1, 60),
    )
    def test_of_any_picture(self, *, codec, width, height, levels, seed, rows):
        samples = np.random.default_rng(seed).integers(0, levels, (height, width), np.uint8)
        data = as_tiff(Image.fromarray(samples), codec, tiffinfo={278: rows})
        assert check_strips(survey(data).strips) == ()

    def test_uncompressed_ones_need_no_look(self):
        assert survey(pictures.gray_tiff("<")).strips is None


class TestHidden:
    @pytest.mark.parametrize("codec", CODECS)
    def test_bytes_behind_the_data_keep_the_file(self, codec):
        data, strip = picture(codec)
        assert layout_of(with_strip(data, strip)) is Layout.PIXELS
        assert layout_of(with_strip(data, strip + bytes(20))) is Layout.PIXELS
        for hidden in (SECRET, bytes(20) + b"\x01"):
            payload = build(changed := with_strip(data, strip + hidden), examine(changed))
            assert (payload.layout, payload.warnings) == (Layout.FILE, ("trailing-data",))
            assert payload.reason == "a TIFF with bytes behind the end of its pixels"

    def test_pixels_by_name_are_taken_with_a_warning(self):
        data, strip = picture("packbits")
        payload = build(changed := with_strip(data, strip + SECRET), examine(changed), layout=Layout.PIXELS)
        assert (payload.layout, payload.warnings) == (Layout.PIXELS, ("trailing-data",))

    @pytest.mark.parametrize(
        ("codec", "longer"),
        [
            ("tiff_adobe_deflate", lambda strip: zlib.compress(zlib.decompress(strip) + SECRET)),
            ("tiff_adobe_deflate", lambda strip: zlib.compress(zlib.decompress(strip) + bytes(5_000_000))),
            ("packbits", lambda strip: strip + bytes([len(SECRET) - 1]) + SECRET),
        ],
    )
    def test_data_that_unpack_to_more_keep_the_file(self, codec, longer):
        data, strip = picture(codec)
        assert layout_of(with_strip(data, longer(strip))) is Layout.FILE

    def test_longer_codes_of_lzw_keep_the_file(self):
        data, _ = picture("tiff_lzw", size=(50, 40))
        _, strip = picture("tiff_lzw", size=(50, 41))
        assert layout_of(with_strip(data, strip)) is Layout.FILE

    def test_deflate_without_its_checksum_keeps_the_file(self):
        data, strip = picture("tiff_adobe_deflate")
        for cut in (1, 2, 4):
            assert layout_of(with_strip(data, strip[:-cut])) is Layout.FILE

    def test_unneeded_strips_keep_the_file(self):
        data = bytearray(as_tiff(pictures.make(50, 40, "L"), "packbits", tiffinfo={278: 20}))
        found = entries(data)
        assert layout_of(bytes(data)) is Layout.PIXELS
        struct.pack_into("<HHIHH", data, found[257], 257, 3, 1, 20, 0)
        assert layout_of(bytes(data)) is Layout.FILE


class TestDamaged:
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    def test_flipped_deflate_bit_is_refused_or_kept(self, mode):
        """libtiff reads to the end of the picture, and therefore never to the checksum."""
        data, strip = picture("tiff_adobe_deflate", mode)
        kept = 0
        places = range(0, len(strip), 61)
        for at in places:
            changed = bytearray(strip)
            changed[at] ^= 1 << at % 8
            damaged = with_strip(data, bytes(changed))
            try:
                assert layout_of(damaged) is Layout.FILE
                kept += 1
            except ImageCorrupt:
                pass
        assert kept < len(places) / 8, "a stream that ends nowhere"

    @pytest.mark.parametrize("layout", [Layout.AUTO, Layout.PIXELS, Layout.FILE])
    def test_wrong_checksum_is_refused_in_every_layout(self, layout):
        data, strip = picture("tiff_adobe_deflate")
        damaged = with_strip(data, strip[:-1] + bytes([strip[-1] ^ 1]))
        with pytest.raises(ImageCorrupt):
            build(damaged, examine(damaged), layout=layout)

    @pytest.mark.slow
    @settings(max_examples=200, deadline=None)
    @given(codec=st.sampled_from(CODECS), data=st.data())
    def test_any_strip_content_is_judged_without_crash(self, codec, data):
        whole, strip = picture(codec)
        at = data.draw(st.integers(0, len(strip)))
        changed = strip[:at] + data.draw(st.binary(max_size=60)) + strip[data.draw(st.integers(at, len(strip))) :]
        try:
            assert check_strips(survey(with_strip(whole, changed)).strips) in {(), ("trailing-data",)}
        except ImageCorrupt:
            assert "deflate" in codec or len(changed) == 0
