"""Fuzzing of uploads: any bytes raise only ImageError or are accepted, and accepted files are restored."""

import contextlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shield_core.errors import ImageError
from shield_core.image.intake import examine
from shield_core.image.payload import Layout, build
from shield_core.image.restore import restore
from tests.support import pictures

SEEDS = [
    pictures.with_exif(pictures.make(9, 7)),
    pictures.as_png(pictures.make(9, 7, "I;16")),
    pictures.animated("PNG", 2, 8, 6),
    pictures.as_jpeg(pictures.make(9, 7), exif=pictures.exif(), icc_profile=pictures.icc(), progressive=True),
    pictures.as_bmp(pictures.make(9, 7)),
    pictures.as_bmp(pictures.make(9, 7).quantize(16)),
    pictures.with_exif(pictures.make(9, 7), "TIFF"),
    pictures.as_tiff(pictures.make(9, 7, "LA"), compression="packbits"),
    pictures.gray_tiff(">", pages=2),
    pictures.as_webp(pictures.make(9, 7, "RGBA"), lossless=True, icc_profile=pictures.icc()),
    pictures.animated("WEBP", 2, 8, 6),
]
GEOMETRY = ("layout", "width", "height", "bit_depth", "color_type", "version")
STARTS = [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM", b"II*\x00", b"MM\x00+", b"RIFF\x40\x00\x00\x00WEBP"]


@st.composite
def damaged(draw):
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 5))):
        at = draw(st.integers(0, max(0, len(data) - 1)))
        size = draw(st.integers(0, 12))
        data[at : at + size] = draw(st.binary(max_size=12))
    return bytes(data)


def with_checksums(data):
    with contextlib.suppress(IndexError, ValueError):
        return pictures.png(*(pictures.chunk(*found) for found in pictures.chunks_of(data)))
    return data


def walk_through(data, layout):
    """Encrypt and restore a file, or do nothing if it is refused."""
    with contextlib.suppress(ImageError):
        payload = build(data, examine(data), layout=layout)
        geometry = {name: getattr(payload, name) for name in GEOMETRY}
        restored = restore(payload.samples, payload.metadata, **geometry)
        if payload.layout is Layout.FILE:
            assert restored.data == data
        else:
            again = build(restored.data, examine(restored.data), layout=Layout.PIXELS)
            assert again.samples.tobytes() == payload.samples.tobytes()


MANY = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


class TestFuzz:
    @pytest.mark.slow
    @MANY
    @given(st.sampled_from(STARTS), st.binary(max_size=200))
    def test_bytes_behind_a_good_start(self, start, data):
        walk_through(start + data, Layout.AUTO)

    @pytest.mark.slow
    @MANY
    @given(damaged(), st.sampled_from([Layout.AUTO, Layout.PIXELS]))
    def test_pictures_with_damage(self, data, layout):
        walk_through(data, layout)

    @pytest.mark.slow
    @MANY
    @given(damaged())
    def test_pictures_with_damage_behind_right_checksums(self, data):
        walk_through(with_checksums(data), Layout.PIXELS)

    @pytest.mark.parametrize("seed", range(len(SEEDS)))
    def test_every_truncation(self, seed):
        for size in range(len(SEEDS[seed]) - 2):  # a JPEG without its end marker alone is taken
            with pytest.raises(ImageError):
                build(SEEDS[seed][:size], examine(SEEDS[seed][:size]))
