"""The PNG reader compared with Pillow, with all differences in what they accept."""

import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shield_core.errors import Cancelled, ImageCorrupt, ImageError
from shield_core.image.facts import TRAILING_DATA
from shield_core.image.formats import png_kernels, png_read
from shield_core.image.intake import survey
from tests.support import pictures

KINDS = {"L": (8, 0, 1), "LA": (8, 4, 2), "RGB": (8, 2, 3), "RGBA": (8, 6, 4), "I;16": (16, 0, 2)}


def written(mode, width, height, *, filters=None, seed=0, level=1, cut=(), chunk=1 << 14):
    """Return a PNG of noise with the given filters: every byte is a valid difference."""
    depth, color, step = KINDS[mode]
    rng = np.random.default_rng(seed)
    rows = rng.integers(0, 256, (height, 1 + width * step), dtype=np.uint8)
    rows[:, 0] = rng.integers(0, 5, height) if filters is None else np.resize(filters, height)
    data = zlib.compress(rows.tobytes(), level)
    for start, stop in cut:
        data = data[:start] + data[stop:]
    idat = [pictures.chunk(b"IDAT", data[at : at + chunk]) for at in range(0, len(data), chunk)]
    return pictures.png(pictures.ihdr(width, height, depth, color), *idat, pictures.chunk(b"IEND"))


def by_pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        if image.mode.startswith("I;16"):
            return np.asarray(image).astype(">u2").view(np.uint8).reshape(-1, 2)
        return np.asarray(image).reshape(image.width * image.height, -1)


def read(data, **options):
    walk = survey(data)
    assert png_read.reads(walk)
    return png_read.read(walk, **options)


class TestAgainstPillow:
    @pytest.mark.parametrize("mode", KINDS)
    @pytest.mark.parametrize("number", [0, 1, 2, 3, 4, None])
    @pytest.mark.parametrize("threads", [1, 2])
    def test_every_filter_of_every_kind(self, mode, number, threads):
        data = written(mode, 61, 33, filters=number)
        assert np.array_equal(read(data, threads=threads)[0], by_pillow(data))

    @pytest.mark.slow
    @settings(max_examples=150, deadline=None)
    @given(
        st.sampled_from(list(KINDS)),
        st.tuples(st.integers(1, 90), st.integers(1, 60)),
        st.integers(0, 2**31),
        st.tuples(st.sampled_from([0, 1, 9]), st.sampled_from([1, 13, 1 << 14])),
        st.sampled_from([1, 2]),
    )
    def test_any_picture(self, mode, size, seed, how, threads):
        data = written(mode, *size, seed=seed, level=how[0], chunk=how[1])
        samples, warnings = read(data, threads=threads)
        assert np.array_equal(samples, by_pillow(data))
        assert warnings == ()

    @pytest.mark.parametrize("name", ["astronaut.png"])
    def test_photographs_in_many_bands(self, name):
        data = pictures.as_png(pictures.enlarge(name, megapixels=1), compress_level=6)
        told = []
        samples, _ = read(data, threads=2, finished=lambda piece: told.append(piece.tobytes()))
        assert np.array_equal(samples, by_pillow(data))
        assert len(told) > 5
        assert b"".join(told) == samples.tobytes()

    def test_rows_wider_than_a_band(self):
        data = written("RGBA", 70_000, 5)
        assert np.array_equal(read(data, threads=2)[0], by_pillow(data))

    @pytest.mark.slow
    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_damage_is_refused_and_never_crashes(self, data):
        """Pillow does not check the checksums of the image data; this reader finds a single changed byte."""
        mode = data.draw(st.sampled_from(list(KINDS)))
        good = bytearray(written(mode, 20, 10, seed=data.draw(st.integers(0, 99))))
        at = data.draw(st.integers(8, len(good) - 1))
        good[at] ^= data.draw(st.integers(1, 255))
        with pytest.raises(ImageError):
            png_read.read(survey(bytes(good)))


class TestLengths:
    def test_one_byte_less_is_refused(self):
        data = pictures.chunk(b"IDAT", zlib.compress(bytes(10 * 31 - 1)))
        with pytest.raises(ImageCorrupt, match="shorter"):
            read(pictures.png(pictures.ihdr(10, 10, 8, 2), data, pictures.chunk(b"IEND")))

    def test_one_byte_more_is_refused(self):
        data = pictures.chunk(b"IDAT", zlib.compress(bytes(10 * 31 + 1)))
        with pytest.raises(ImageCorrupt, match="longer"):
            read(pictures.png(pictures.ihdr(10, 10, 8, 2), data, pictures.chunk(b"IEND")))

    def test_a_stream_that_is_none_is_refused(self):
        stream = bytearray(zlib.compress(bytes(10 * 31)))
        stream[2] = 0b111  # a last block of the type that does not exist
        with pytest.raises(ImageCorrupt, match="damaged"):
            read(pictures.png(pictures.ihdr(10, 10, 8, 2), pictures.chunk(b"IDAT", stream), pictures.chunk(b"IEND")))

    @pytest.mark.slow
    def test_a_bomb_costs_no_more_than_the_picture(self):
        data = pictures.chunk(b"IDAT", zlib.compress(bytes(300_000_000), 9))
        with pytest.raises(ImageCorrupt, match="longer"):
            read(pictures.png(pictures.ihdr(10, 10, 8, 2), data, pictures.chunk(b"IEND")))

    @pytest.mark.parametrize("left", [0, 1, 20, -1, -4, -5])
    def test_a_stream_that_ends_early_is_refused(self, left):
        stream = zlib.compress(np.random.default_rng(0).integers(0, 5, 10 * 31, np.uint8).tobytes())[:left]
        with pytest.raises(ImageCorrupt):
            read(pictures.png(pictures.ihdr(10, 10, 8, 2), pictures.chunk(b"IDAT", stream), pictures.chunk(b"IEND")))

    @pytest.mark.parametrize("extra", [[b"more"], [b"", b"x"]])
    def test_bytes_behind_the_stream_are_a_warning(self, extra):
        stream = zlib.compress(bytes(10 * 31))
        chunks = [pictures.chunk(b"IDAT", part) for part in (stream + extra[0], *extra[1:])]
        _, warnings = read(pictures.png(pictures.ihdr(10, 10, 8, 2), *chunks, pictures.chunk(b"IEND")))
        assert warnings == (TRAILING_DATA,)

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("row", [0, 9, 4999])
    def test_a_filter_that_does_not_exist_is_refused(self, row, threads):
        filters = np.zeros(5000, np.uint8)
        filters[row] = 5
        with pytest.raises(ImageCorrupt, match="filter"):
            read(written("RGB", 50, 5000, filters=filters), threads=threads)


class TestRefusals:
    def test_a_wrong_checksum(self):
        data = bytearray(written("RGB", 9, 9))
        data[-13] ^= 1
        with pytest.raises(ImageCorrupt, match="checksum"):
            read(bytes(data))

    @pytest.mark.parametrize(
        "data",
        [
            pictures.palette(),
            pictures.rgb16_png(),
            pictures.animated("PNG"),
            pictures.png(
                struct.pack(">I4s", 13, b"IHDR")
                + (body := struct.pack(">IIBBBBB", 3, 3, 8, 2, 0, 0, 1))
                + struct.pack(">I", zlib.crc32(b"IHDR" + body)),
                pictures.chunk(b"IDAT", zlib.compress(bytes(33))),
                pictures.chunk(b"IEND"),
            ),
        ],
        ids=["palette", "16-bit RGB", "animated", "interlaced"],
    )
    def test_other_kinds_are_left_to_pillow(self, data):
        assert not png_read.reads(survey(data))

    @pytest.mark.parametrize("threads", [1, 2])
    def test_what_progress_raises_ends_it(self, threads):
        def stop(_):
            raise Cancelled

        with pytest.raises(Cancelled):
            read(written("RGB", 90, 90), threads=threads, progress=stop)


class TestKernel:
    def test_warm_compiles_it(self):
        png_read.warm()

    @pytest.mark.parametrize("number", range(5))
    @pytest.mark.parametrize("step", [1, 2, 3, 4, 6, 8])
    def test_plain_and_compiled_agree(self, number, step, monkeypatch):
        rng = np.random.default_rng(number)
        filtered = rng.integers(0, 256, (4, 1 + 6 * step), dtype=np.uint8)
        filtered[:, 0] = number
        above = rng.integers(0, 256, 6 * step, dtype=np.uint8)
        compiled, plain = np.zeros((2, 4, 6 * step), np.uint8)
        assert png_kernels.unfilter(filtered, above, compiled, step) == 4
        for name in ("_undo", "_undo_wide", "_restore"):
            monkeypatch.setattr(png_kernels, name, getattr(png_kernels, name).py_func)
        with np.errstate(over="ignore"):
            assert png_kernels.unfilter.py_func(filtered, above, plain, step) == 4
        assert np.array_equal(compiled, plain)

    def test_ends_at_a_filter_that_does_not_exist(self):
        filtered = np.array([[0, 1], [7, 1], [0, 1]], np.uint8)
        above, target = np.zeros(1, np.uint8), np.zeros((3, 1), np.uint8)
        assert png_kernels.unfilter(filtered, above, target, 1) == 1
        assert png_kernels.unfilter.py_func(filtered, above, target, 1) == 1
