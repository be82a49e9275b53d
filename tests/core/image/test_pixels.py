import io

import numpy as np
import pytest
from PIL import Image

from shield_core.errors import ImageCorrupt
from shield_core.image.intake import survey
from shield_core.image.pixels import decode, decode_shown
from tests.support import pictures


def shown(data):
    return decode_shown(survey(data))


class TestDecodeShown:
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA"])
    def test_payload_modes_are_decoded_unchanged(self, mode):
        data = pictures.as_png(pictures.make(mode=mode))
        assert shown(data)[0] == mode
        assert np.array_equal(shown(data)[1], decode(survey(data))[1])

    @pytest.mark.parametrize(
        ("data", "mode", "width"),
        [
            (pictures.palette(), "RGB", 3),
            (pictures.as_png(pictures.make().quantize(16), transparency=3), "RGBA", 4),
            (pictures.as_png(pictures.make().convert("1")), "L", 1),
            (pictures.cmyk(), "RGB", 3),
            (pictures.rgb16_png(), "RGB", 3),
            (pictures.animated(), "RGB", 3),
        ],
    )
    def test_other_kinds_are_what_a_viewer_shows(self, data, mode, width):
        found, samples = shown(data)
        with Image.open(io.BytesIO(data)) as image:
            expected = np.asarray(image.convert(mode)).reshape(-1, width)
        assert (found, samples.dtype) == (mode, np.uint8)
        assert np.array_equal(samples, expected)

    def test_wide_gray_is_clipped(self):
        picture = io.BytesIO()
        Image.fromarray(np.array([[0, 7], [255, 70_000]], np.int32)).save(picture, "TIFF")
        mode, samples = shown(picture.getvalue())
        assert (mode, samples.tolist()) == ("L", [[0], [7], [255], [255]])

    def test_damage_is_refused(self):
        with pytest.raises(ImageCorrupt):
            shown(pictures.palette()[:-30])
