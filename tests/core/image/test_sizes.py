"""Tests of large pictures: limits of size and memory."""

import subprocess
import sys
import time

import numpy as np
import pytest
from PIL import Image

from shield_core.errors import TooManyPixels
from shield_core.image.intake import examine
from shield_core.image.payload import Layout, build
from shield_core.image.regions import Region
from shield_core.image.restore import restore
from tests.support import pictures

PEAK = """
import sys
from pathlib import Path
from shield_core.image.formats import png_read
from shield_core.image.intake import examine
from shield_core.image.payload import build
from shield_core.image.restore import restore

png_read.warm()

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

data = Path(sys.argv[1]).read_bytes()
facts = examine(data)
start = peak()
payload = build(data, facts)
built = peak() - start
names = ("layout", "width", "height", "bit_depth", "color_type")
del data
restore(payload.samples, payload.metadata, **{name: getattr(payload, name) for name in names})
print(built / payload.samples.nbytes, (peak() - start) / payload.samples.nbytes)
"""


@pytest.fixture(scope="module")
def twelve_megapixels():
    return pictures.enlarge(megapixels=12)


class TestLargePictures:
    @pytest.mark.slow
    def test_of_25_megapixels_come_back(self):
        image = Image.fromarray(np.tile(pictures.make(500, 500, "L"), (10, 10)))
        data = pictures.as_png(image)
        payload = build(data, examine(data))
        names = ("layout", "width", "height", "bit_depth", "color_type")
        restored = restore(payload.samples, payload.metadata, **{name: getattr(payload, name) for name in names})
        assert payload.layout is Layout.PIXELS
        assert np.array_equal(pictures.pixels(restored.data), np.array(image))

    def test_one_row_over_limit_is_never_decoded(self, monkeypatch):
        data = pictures.png(
            pictures.ihdr(5000, 5001), pictures.chunk(b"IDAT", bytes(1_000_000)), pictures.chunk(b"IEND")
        )
        monkeypatch.setattr(Image, "open", None)
        payload = build(data, examine(data))
        assert (payload.layout, payload.version, payload.warnings) == (Layout.FILE, 1, ("not-decoded",))
        with pytest.raises(TooManyPixels):
            build(data, examine(data), layout=Layout.PIXELS)
        with pytest.raises(TooManyPixels):
            build(data, examine(data), regions=[Region(0, 0, 1, 1)])

    def test_later_page_over_the_limit_is_not_decoded(self, monkeypatch):
        """90 megapixels, which Pillow reports as a bomb when it opens the page."""
        data = bytearray(pictures.gray_tiff("<", pages=2))
        first = int.from_bytes(data[4:8], "little")
        count = int.from_bytes(data[first : first + 2], "little")
        second = int.from_bytes(data[first + 2 + 12 * count : first + 6 + 12 * count], "little")
        for index, (tag, value) in enumerate([(256, 10_000), (257, 9_000), (258, 8), (259, 5)]):
            assert int.from_bytes(data[second + 2 + 12 * index : second + 4 + 12 * index], "little") == tag
            data[second + 10 + 12 * index : second + 12 + 12 * index] = value.to_bytes(2, "little")
        at = bytes(data).index((278).to_bytes(2, "little"), second)
        data[at + 8 : at + 10] = (9_000).to_bytes(2, "little")
        monkeypatch.setattr(Image, "open", None)
        payload = build(bytes(data), examine(bytes(data)))
        assert (payload.layout, payload.warnings) == (Layout.FILE, ("not-decoded",))

    @pytest.mark.slow
    @pytest.mark.parametrize("write", [pictures.as_png, pictures.as_jpeg])
    def test_are_examined_in_milliseconds(self, twelve_megapixels, write):
        data = write(twelve_megapixels)
        start = time.perf_counter()
        assert examine(data).width == twelve_megapixels.width
        assert time.perf_counter() - start < 0.5  # 5 ms on an idle machine; a decode takes 250

    @pytest.mark.slow
    @pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
    def test_take_little_more_memory_than_their_pixels(self, twelve_megapixels, tmp_path):
        """The samples and the restored file, but nothing else of that size."""
        path = tmp_path / "large.png"
        path.write_bytes(pictures.as_png(twelve_megapixels))
        # The interpreter and the arguments are ours.
        out = subprocess.run([sys.executable, "-c", PEAK, path], check=True, capture_output=True, text=True)
        built, restored = map(float, out.stdout.split())
        assert built < 1.1
        assert restored < 1.8
