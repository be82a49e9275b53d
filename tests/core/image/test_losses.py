"""Losses of the layout `auto`: it keeps every tag and every significant byte, or keeps the file itself."""

import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shield_core.errors import ImageCorrupt
from shield_core.image.intake import examine
from shield_core.image.payload import Layout, build
from shield_core.image.restore import restore
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.sources import DeterministicSource
from tests.support import other_pictures, pictures

REBUILT = {256, 257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 338, 339}
"""Tags that follow from the pixels."""

DIRECTORIES = {34665, 34853, 40965}
MANY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def take(data, layout=Layout.AUTO):
    return build(data, examine(data), layout=layout)


def give_back(payload):
    names = ("layout", "width", "height", "bit_depth", "color_type", "version")
    return restore(payload.samples, payload.metadata, **{name: getattr(payload, name) for name in names}).data


def tags_of(data):
    """Read all fields of a TIFF independently of the product: path of tags, type, count and value."""
    order = "<" if data[:2] == b"II" else ">"
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}

    def read(offset, path):
        (count,) = struct.unpack_from(order + "H", data, offset)
        for at in range(offset + 2, offset + 2 + 12 * count, 12):
            tag, kind, number = struct.unpack_from(order + "HHI", data, at)
            size = sizes.get(kind, 0) * number
            place = at + 8 if size <= 4 else struct.unpack_from(order + "I", data, at + 8)[0]
            if tag in DIRECTORIES and kind == 4:
                yield from read(struct.unpack_from(order + "I", data, at + 8)[0], (*path, tag))
            elif path or tag not in REBUILT:
                yield (*path, tag), kind, number, data[place : place + size]

    return sorted(read(struct.unpack_from(order + "I", data, 4)[0], ()))


@st.composite
def fields(draw, inside=()):
    """Draw tags of a page: kept ones, others, directories, and duplicates."""
    kept = [270, 271, 272, 282, 305, 306, 315, 700, 33432, 33723, 34675]
    numbers = draw(
        st.lists(st.sampled_from([*kept, 254, 280, 297, 330, 33550, 37500, 42112, 50000, 65000]), max_size=5)
    )
    found = []
    for number in numbers:
        kind = draw(st.sampled_from([1, 2, 3, 4, 7, 13, 99]))
        size = {3: 2, 4: 4, 13: 4}.get(kind, 1)
        count = draw(st.integers(0, 9))
        found.append((number, kind, count, draw(st.binary(min_size=size * count, max_size=size * count))))
    if not inside:
        found += [(one, 4, 1, draw(fields(inside=(one,)))) for one in draw(st.sets(st.sampled_from([34665, 34853])))]
    return found


class TestTiff:
    @pytest.mark.slow
    @MANY
    @given(
        fields(),
        st.sampled_from("<>"),
        st.one_of(st.just(b""), st.binary(min_size=1, max_size=40)),
    )
    def test_auto_loses_no_tag(self, found, order, behind):
        data = pictures.gray_tiff(order, found) + behind
        try:
            payload = take(data)
        except ImageCorrupt:  # of what is refused nothing is lost
            return
        if payload.layout is Layout.FILE:
            assert give_back(payload) == data
            assert payload.reason
            return
        assert tags_of(give_back(payload)) == sorted(field for field in tags_of(data) if field[0] != (254,))
        assert not any(behind)

    @pytest.mark.parametrize("at", [0, 1, 7])
    def test_bytes_of_no_tag_make_file(self, at):
        whole = pictures.gray_tiff("<", [(270, 2, 12, b"some words \x00")])
        first = int.from_bytes(whole[4:8], "little")
        gap = bytearray(8)
        moved = whole[:4] + struct.pack("<I", first + 8) + whole[8:first]
        assert take(moved + bytes(gap) + whole[first:]).layout is Layout.PIXELS
        gap[at] = 1
        payload = take(moved + bytes(gap) + whole[first:])
        assert (payload.layout, payload.warnings) == (Layout.FILE, ())
        assert "belong to no tag" in payload.reason

    @pytest.mark.parametrize(
        ("more", "reason"),
        [
            ([(33550, 12, 3, bytes(24))], "33550"),
            ([(297, 3, 2, bytes(4))], "297"),
            ([(254, 4, 1, b"\x01\x00\x00\x00")], "254"),
            ([(270, 2, 4, b"one\x00"), (270, 2, 4, b"two\x00")], "twice"),
            ([(34665, 4, 1, [(37500, 7, 8, b"pointers")])], "may point"),
            ([(34665, 4, 1, [(330, 4, 1, b"\x08\x00\x00\x00")])], "may point"),
            ([(34665, 4, 1, [(34853, 4, 1, [(1, 2, 2, b"N\x00")])])], "may point"),
            ([(34665, 4, 1, [(36864, 7, 4, b"0232"), (36864, 7, 4, b"0231")])], "twice"),
            ([(34665, 4, 1, b"\xff\xff\x00\x00")], "damaged"),
        ],
    )
    def test_reason_names_the_loss(self, more, reason):
        data = pictures.gray_tiff("<", more)
        payload = take(data)
        assert payload.layout is Layout.FILE
        assert reason in payload.reason

    def test_long_strips_make_file(self):
        whole = bytearray(pictures.gray_tiff("<"))
        at = whole.index(struct.pack("<HHIH", 279, 3, 1, 12))
        whole[at + 8] = 13
        assert "more than the picture" in take(bytes(whole)).reason

    @pytest.mark.parametrize(("side", "layout"), [(64, Layout.PIXELS), (65, Layout.FILE)])
    def test_tiles_beyond_picture_make_file(self, side, layout):
        out = io.BytesIO()
        samples = np.random.default_rng(1).integers(0, 256, (64, side), np.uint8)
        tifffile.imwrite(out, samples, tile=(32, 32), photometric="minisblack", metadata=None, software=False)
        assert take(out.getvalue()).layout is layout


class TestBmp:
    @pytest.mark.parametrize("at", [6, 9])
    def test_reserved_bytes_make_file(self, at):
        data = bytearray(pictures.as_bmp(pictures.make(5, 4)))
        data[at] = 1
        assert "between its header" in take(bytes(data)).reason

    def test_gap_makes_file(self):
        data = pictures.as_bmp(pictures.make(8, 4))
        for gap, layout in ((bytes(8), Layout.PIXELS), (b"hidden!!", Layout.FILE)):
            moved = bytearray(data[:54] + gap + data[54:])
            moved[10] += 8
            payload = take(bytes(moved))
            assert payload.layout is layout
            if layout is Layout.FILE:
                assert give_back(payload) == bytes(moved)

    def test_row_filling_makes_file(self):
        data = bytearray(pictures.as_bmp(pictures.make(5, 4)))
        assert take(bytes(data)).layout is Layout.PIXELS
        data[-1] = 7
        assert take(bytes(data)).layout is Layout.FILE


class TestBehindTheEnd:
    @pytest.mark.parametrize("write", [pictures.as_png, pictures.as_bmp, pictures.as_tiff])
    def test_auto_takes_file(self, write):
        data = write(pictures.make()) + b"behind the end of it"
        payload = take(data)
        assert (payload.layout, payload.warnings, give_back(payload)) == (Layout.FILE, ("trailing-data",), data)
        assert "behind its end" in payload.reason
        assert take(data, Layout.PIXELS).warnings == ("trailing-data",)

    def test_bytes_behind_png_pixels_make_file(self):
        rows = zlib.compress(bytes(4 * 5))
        png = [pictures.ihdr(4, 4, 8, 0), pictures.chunk(b"IDAT", rows + b"hidden"), pictures.chunk(b"IEND")]
        payload = take(pictures.png(*png))
        assert (payload.layout, payload.warnings) == (Layout.FILE, ("trailing-data",))
        assert give_back(payload) == pictures.png(*png)


class TestByRequest:
    """A requested layout is used, and losses are reported."""

    def test_second_frame_of_mpo(self):
        assert set(take(other_pictures.mpo(), Layout.PIXELS).warnings) == {"frames-dropped", "trailing-data"}
        assert take(other_pictures.mpo()).layout is Layout.FILE

    @pytest.mark.parametrize("parts", [((1, 2),), ((1, 2), (1, 2)), ((1, 1), (1, 1))])
    def test_profile_of_jpeg_that_is_incomplete_or_doubled(self, parts):
        body = [b"ICC_PROFILE\x00" + bytes(part) + pictures.icc() for part in parts]
        segments = b"".join(b"\xff\xe2" + struct.pack(">H", len(one) + 2) + one for one in body)
        data = pictures.as_jpeg(pictures.make())
        assert "metadata-dropped" in take(data[:2] + segments + data[2:], Layout.PIXELS).warnings
        assert "metadata-dropped" not in take(data, Layout.PIXELS).warnings

    def test_decryption_says_what_is_not_identical(self):
        for data, layout, warnings in (
            (pictures.as_png(pictures.make()) + b"behind", Layout.PIXELS, ("not-byte-identical",)),
            (pictures.as_png(pictures.make()) + b"behind", Layout.AUTO, ()),
            (pictures.as_bmp(pictures.make()), Layout.PIXELS, ()),
        ):
            made = encrypt_image(data, source=DeterministicSource(), wraps=[PlainWrap()], layout=layout)
            assert decrypt_image(made.png, made.key_file_bytes, openers=[PlainOpen()]).warnings == warnings
