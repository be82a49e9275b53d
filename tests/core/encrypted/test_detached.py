"""Pictures that another program has saved again, compared with Pillow; the vectors have every kind and every fault."""

import io
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shield_core.encrypted import detached, png
from shield_core.encrypted.header import SIZE, pack
from shield_core.errors import (
    FileTooLarge,
    HeaderInvalid,
    ImageCorrupt,
    LaterVersion,
    NotEncrypted,
    PictureConverted,
    TooManyPixels,
)
from shield_core.image.limits import MAX_ENCRYPTED_BYTES
from tests.core.encrypted.drawn import KINDS, TAG, header, image, noise
from tests.support import pictures
from tests.vectors.saved_again import save

MODES = {(8, 0): "L", (8, 4): "LA", (8, 2): "RGB", (8, 6): "RGBA"}


def front(of):
    return pack(of) + TAG


def read(data, of, **options):
    return detached.read(detached.survey(data), front(of), **options)


def opened(file):
    return Image.open(io.BytesIO(file))


class TestRead:
    @pytest.mark.parametrize(("depth", "color"), KINDS)
    @pytest.mark.parametrize("options", [{}, {"optimize": True}, {"compress_level": 0, "dpi": (72, 72)}])
    def test_of_pillow_has_the_same_samples(self, depth, color, options):
        of, samples, file = image(width=61, height=33, bit_depth=depth, color_type=color)
        parsed = read(pictures.as_png(opened(file), **options), of)
        assert (parsed.header, parsed.header_bytes, parsed.tag) == (of, pack(of), TAG)
        assert np.array_equal(parsed.samples, samples)
        assert parsed.samples.flags.c_contiguous

    @pytest.mark.parametrize(("depth", "color"), KINDS)
    def test_of_an_unchanged_image_has_the_same_samples(self, depth, color):
        of, samples, file = image(bit_depth=depth, color_type=color)
        assert np.array_equal(read(bytes(file), of).samples, samples)

    @pytest.mark.parametrize("mode", ["RGB", "RGBA"])
    @pytest.mark.parametrize(("depth", "color"), MODES)
    def test_of_pillow_that_holds_more_has_the_same_samples(self, depth, color, mode):
        if color & 4 and mode == "RGB":
            return
        of, samples, file = image(bit_depth=depth, color_type=color)
        assert np.array_equal(read(pictures.as_png(opened(file).convert(mode)), of).samples, samples)

    def test_of_a_gray_palette_has_the_same_samples(self):
        """Pillow writes the indices of a picture that it was given, in any number of bits."""
        of, samples, file = image(width=300, height=200, bit_depth=8, color_type=0)
        picture = opened(file).convert("P")
        assert np.array_equal(read(pictures.as_png(picture), of).samples, samples)

    @pytest.mark.slow
    @settings(max_examples=100, deadline=None)
    @given(
        st.sampled_from(list(KINDS)),
        st.tuples(st.integers(1, 20), st.integers(1, 20)),
        st.booleans(),
        st.lists(st.integers(0, 4), min_size=1, max_size=5),
        st.integers(0, 2**31),
    )
    def test_of_any_size_filter_and_interlace(self, kind, size, interlaced, filters, seed):
        of = header(width=size[0], height=size[1], bit_depth=kind[0], color_type=kind[1])
        samples = noise(of, seed)
        pixels = samples.reshape(of.height, of.width, -1)
        data = save(pixels, kind[1], kind[0], interlaced=interlaced, filters=filters)
        assert np.array_equal(read(data, of).samples, samples)

    @pytest.mark.parametrize("interlaced", [False, True])
    def test_of_many_bands_has_the_same_samples(self, interlaced):
        of = header(width=700, height=500)
        samples = noise(of)
        data = save(samples.reshape(500, 700, 3), 2, filters=(0, 2), interlaced=interlaced)
        assert np.array_equal(read(data, of).samples, samples)

    def test_reports_the_bytes_of_image_data(self):
        of, _, file = image(width=300, height=300)
        data, done = pictures.as_png(opened(file)), []
        read(data, of, progress=done.append)
        assert len(data) - 1000 < sum(done) < len(data)

    def test_of_more_bits_and_channels_needs_no_more_memory(self):
        """A picture of 16-bit RGBA has eight times the samples of a gray one."""
        of = header(width=2000, height=2000, color_type=0)
        idat = pictures.chunk(b"IDAT", zlib.compress(bytes(2000 * (1 + 16000)), 1))
        data = pictures.png(pictures.ihdr(2000, 2000, 16, 6), idat, pictures.chunk(b"IEND"))
        tracemalloc.start()
        try:
            read(data, of)
            assert tracemalloc.get_traced_memory()[1] < of.sample_bytes + (4 << 20)
        finally:
            tracemalloc.stop()


class TestRefused:
    @pytest.mark.parametrize(
        ("size", "mode", "kind", "said"),
        [
            ((6, 5), "RGB", (8, 2), "resized, cropped or turned: it has 6 x 5 pixels, and the encrypted image 7 x 5"),
            ((5, 7), "RGB", (8, 2), "it has 5 x 7 pixels, and the encrypted image 7 x 5"),
            ((7, 5), "L", (8, 2), "converted to gray"),
            ((7, 5), "LA", (8, 6), "converted to gray"),
            ((7, 5), "RGB", (8, 6), "without its transparency"),
            ((7, 5), "L", (8, 4), "without its transparency"),
            ((7, 5), "P", (8, 6), "without its transparency"),
            ((7, 5), "L", (16, 0), "converted to 8 bits per sample, and the encrypted image has 16"),
            ((7, 5), "P", (16, 0), "converted to 8 bits per sample"),
            ((7, 5), "1", (8, 0), "converted to 1 bits per sample"),
        ],
    )
    def test_another_size_or_kind_is_named(self, size, mode, kind, said):
        of = header(bit_depth=kind[0], color_type=kind[1])
        data = pictures.as_png(Image.new(mode, size))
        with pytest.raises(PictureConverted, match=said):
            detached.check(of, detached.survey(data))
        with pytest.raises(PictureConverted):
            read(data, of)

    def test_a_jpeg_is_named(self):
        with pytest.raises(PictureConverted, match="A JPEG has lost the samples"):
            detached.survey(pictures.as_jpeg(pictures.make(7, 5)))

    @pytest.mark.parametrize("write", [pictures.as_bmp, pictures.as_tiff, pictures.as_webp])
    def test_other_pictures_can_be_saved_as_png(self, write):
        with pytest.raises(NotEncrypted, match="if it was saved without loss, save it as PNG"):
            detached.survey(write(pictures.make(7, 5)))

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (b"QSIS", "This is the header of an encrypted image, and"),
            (b"", "not a picture"),
            (b"x" * 99, "not a picture"),
        ],
    )
    def test_other_files_are_named(self, data, said):
        with pytest.raises(NotEncrypted, match=said):
            detached.survey(data)

    def test_more_bytes_than_the_limit(self):
        with pytest.raises(FileTooLarge):
            detached.survey(bytes(MAX_ENCRYPTED_BYTES + 1))

    def test_more_pixels_than_the_limit(self):
        data = pictures.png(pictures.ihdr(5001, 5000, 8, 2), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND"))
        with pytest.raises(TooManyPixels):
            detached.survey(data)

    def test_a_header_of_another_length(self):
        of, _, file = image()
        walk = detached.survey(bytes(file))
        for wrong in (b"", front(of)[:-1], front(of) + b"\0", bytes(20)):
            with pytest.raises(HeaderInvalid):
                detached.read(walk, wrong)
        with pytest.raises(LaterVersion):
            detached.read(walk, front(of).replace(b"QSIS\1", b"QSIS\3"))

    def test_a_bit_of_the_file_at_a_time(self):
        """Every change is damage, another size or kind, or other samples; or it is in what nobody reads."""
        of, samples, file = image()
        sound = pictures.as_png(opened(file))
        for at in range(8 * 8, 8 * len(sound)):
            data = bytearray(sound)
            data[at // 8] ^= 1 << at % 8
            with pytest.raises((ImageCorrupt, PictureConverted, TooManyPixels)):
                read(bytes(data), of)
        assert np.array_equal(read(sound, of).samples, samples)


class TestLimits:
    def test_the_longest_header_is_the_longest_that_is_packed(self):
        assert detached.MAX_BYTES == SIZE + 64 * 16 + 4 * 1024 * 1024 + 32

    def test_a_chunk_of_the_picture_is_not_looked_at(self):
        of, samples, file = image()
        own = pictures.insert_chunk(pictures.as_png(opened(file)), png.CHUNK_TYPE, b"nothing that is a header")
        assert np.array_equal(read(own, of).samples, samples)
