import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.image import intake
from shield_core.image.limits import MAX_CHUNKS
from shield_core.image.orientation import read_orientation
from tests.support import pictures


def orientation_of(data):
    return read_orientation(intake.survey(data))


def block(*entries, order="<", mark=None, at=8):
    """An EXIF block of one directory: entries of tag, type, count and four bytes of value."""
    head = mark or (b"II*\0" if order == "<" else b"MM\0*")
    body = b"".join(struct.pack(order + "HHI", *entry[:3]) + entry[3] for entry in entries)
    return head + struct.pack(order + "I", at) + struct.pack(order + "H", len(entries)) + body + bytes(4)


def short(value, order="<"):
    return struct.pack(order + "HH", value, 0)


def in_png(exif):
    return pictures.insert_chunk(pictures.as_png(pictures.make(4, 3)), b"eXIf", exif)


class TestOfPictures:
    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_is_what_the_tag_says(self, kind, orientation):
        options = {"lossless": True} if kind == "WEBP" else {}
        assert orientation_of(pictures.with_exif(pictures.make(), kind, orientation, **options)) == orientation

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "BMP", "WEBP"])
    def test_is_upright_where_nothing_is_said(self, kind):
        assert orientation_of(pictures.encode(pictures.make(), kind)) == 1

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_both_byte_orders(self, order):
        assert orientation_of(in_png(block((274, 3, 1, short(6, order)), order=order))) == 6
        field = (274, 3, 1, struct.pack(order + "H", 6))
        assert orientation_of(pictures.gray_tiff(order, [field])) == 6

    @pytest.mark.parametrize(("kind", "value"), [(1, b"\x08\0\0\0"), (4, b"\x08\0\0\0")])
    def test_other_integer_types_count_too(self, kind, value):
        """Some viewers accept other integer types than SHORT."""
        assert orientation_of(in_png(block((274, kind, 1, value)))) == 8

    def test_prefix_of_a_jpeg_segment_is_passed_over(self):
        assert orientation_of(in_png(b"Exif\0\0" + block((274, 3, 1, short(3))))) == 3

    def test_rotating_value_of_duplicate_tag_counts(self):
        assert orientation_of(in_png(block((274, 3, 1, short(1)), (274, 3, 1, short(6))))) == 6
        data = in_png(block((274, 3, 1, short(1))))
        assert orientation_of(pictures.insert_chunk(data, b"eXIf", block((274, 3, 1, short(5))))) == 5


class TestOfHostileExif:
    @pytest.mark.parametrize(
        "exif",
        [
            b"",
            b"II*\0",
            b"II*\0\x08\0\0\0",
            b"II*\0\x08\0\0\0\x01",
            b"II*\0\x08\0\0\0\xff\xff",
            b"II*\0\xff\xff\xff\xff",
            b"II*\0\x00\0\0\0",
            b"XX*\0" + block((274, 3, 1, short(6)))[4:],
            block((274, 3, 1, short(6)))[:-10],
            block((274, 3, 1, short(0))),
            block((274, 3, 1, short(9))),
            block((274, 3, 2, short(6))),
            block((274, 3, 0, short(6))),
            block((274, 99, 1, short(6))),
            block((274, 2, 1, b"6\0\0\0")),
            block((275, 3, 1, short(6))),
            block((274, 3, 1, short(6)), at=10),
        ],
    )
    def test_what_says_nothing_is_upright(self, exif):
        assert orientation_of(in_png(exif)) == 1

    @given(st.binary(max_size=80), st.sampled_from([b"", b"II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"]))
    def test_noise_is_some_orientation(self, noise, head):
        assert orientation_of(in_png(head + noise)) in range(1, 9)

    def test_truncated_directory_is_read_to_its_end(self):
        """Some cameras write broken pointers, and viewers rotate their pictures anyway."""
        exif = block((271, 2, 4_000_000, b"\xff\xff\xff\xff"), (274, 3, 1, short(6)), (34665, 4, 1, b"\xff" * 4))
        assert orientation_of(in_png(exif[:-4])) == 6
        assert orientation_of(in_png(exif[:-16])) == 6

    def test_as_many_directories_as_chunks_take_no_time(self):
        full = block(*[(270, 2, 1, bytes(4))] * 20)
        data = pictures.as_png(pictures.make(4, 3))
        many = pictures.chunk(b"eXIf", full) * 10_000
        walk = intake.survey(data[:33] + many + data[33:])
        assert len(walk.chunks) < MAX_CHUNKS
        before = time.process_time()
        assert read_orientation(walk) == 1
        assert time.process_time() - before < 2
