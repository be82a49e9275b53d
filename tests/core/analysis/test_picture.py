import numpy as np
import pytest

from shield_core.analysis.measures.picture import Picture, read
from shield_core.errors import ImageCorrupt, ImageEmpty, TooManyPixels, UnsupportedFormat
from tests.core.analysis.pictures import noise
from tests.support import pictures


class TestPicture:
    def test_rows_of_bytes_are_no_copy(self):
        picture = noise(5, 4)
        assert picture.rows().shape == (4, 15)
        assert np.shares_memory(picture.rows(), picture.samples)

    def test_rows_of_16_bits_are_big_endian(self):
        picture = Picture(np.array([[1, 2], [3, 4]], np.uint8), 2, 1, 16)
        assert picture.rows().tolist() == [[0x0102, 0x0304]]
        assert (picture.channels, picture.top) == (1, 65_535)
        assert picture.byte_names == ("gray, high byte", "gray, low byte")

    @pytest.mark.parametrize(
        ("samples", "width", "height", "depth"),
        [
            (np.zeros((4, 3), np.uint16), 2, 2, 8),
            (np.zeros((4, 3), np.uint8), 2, 3, 8),
            (np.zeros((0, 3), np.uint8), 0, 0, 8),
            (np.zeros((4, 5), np.uint8), 2, 2, 8),
            (np.zeros((4, 3), np.uint8), 2, 2, 16),
            (np.zeros((4, 1), np.uint8), 2, 2, 4),
            (np.zeros((2, 2, 3), np.uint8), 2, 2, 8),
            (np.zeros((8, 3), np.uint8)[::2], 2, 2, 8),
        ],
    )
    def test_samples_that_do_not_fit_are_refused(self, samples, width, height, depth):
        with pytest.raises(ValueError, match=r"samples|pixel"):
            Picture(samples, width, height, depth)

    def test_samples_stay_out_of_its_repr(self):
        assert "samples" not in repr(noise(2, 2))


class TestRead:
    def test_pixels_are_those_of_the_file(self):
        image = pictures.make(20, 10)
        picture = read(pictures.as_png(image))
        assert (picture.width, picture.height, picture.channels, picture.bit_depth) == (20, 10, 3, 8)
        assert np.array_equal(picture.samples, np.asarray(image).reshape(-1, 3))
        assert picture.converted_from is None

    def test_16_bits_stay(self):
        assert read(pictures.gray16_png()).bit_depth == 16

    @pytest.mark.parametrize(
        ("data", "mode", "channels"),
        [(pictures.palette(), "P", 3), (pictures.cmyk(), "CMYK", 3), (pictures.rgb16_png(), "RGB;16", 3)],
    )
    def test_other_kinds_are_converted_and_it_is_said(self, data, mode, channels):
        picture = read(data)
        assert (picture.converted_from, picture.channels) == (mode, channels)

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (b"", ImageEmpty),
            (b"not a picture", UnsupportedFormat),
            (pictures.png(pictures.ihdr(30_000, 30_000), pictures.chunk(b"IEND")), TooManyPixels),
            (pictures.as_png(pictures.make())[:-40], ImageCorrupt),
        ],
    )
    def test_hostile_files_are_refused_as_uploads_are(self, data, error):
        with pytest.raises(error):
            read(data)

    def test_progress_is_reported(self):
        told = []
        data = pictures.as_png(pictures.make(200, 100))
        read(data, progress=told.append)
        assert 0 < sum(told) <= len(data)
