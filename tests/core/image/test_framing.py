import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.errors import PayloadInvalid
from shield_core.image.framing import frame, frame_size, unframe


class TestFrame:
    @given(st.binary(max_size=3000))
    def test_frame_round_trip(self, data):
        width, height = frame_size(len(data))
        samples = frame(data)
        assert samples.shape == (width * height, 3)
        assert unframe(samples, width=width, height=height) == data

    @pytest.mark.parametrize(
        ("length", "size"), [(0, (16, 16)), (760, (16, 16)), (761, (17, 16)), (50_000_000, (4083, 4082))]
    )
    def test_is_the_smallest_picture_of_the_rule(self, length, size):
        """docs/reference/format.md: w = max(16, isqrt(p - 1) + 1), h = max(16, ceil(p / w))."""
        assert frame_size(length) == size

    @given(st.integers(0, 50_000_000))
    def test_frame_exceeds_file_by_less_than_a_row(self, length):
        width, height = frame_size(length)
        assert width * height * 3 >= length + 8
        if height > 16:
            assert width * (height - 1) * 3 < length + 8


class TestUnframe:
    def test_refuses_a_length_beyond_the_picture(self):
        samples = frame(b"x" * 100)
        samples.reshape(-1)[0] = 1
        with pytest.raises(PayloadInvalid):
            unframe(samples, width=16, height=16)

    def test_refuses_filling_that_is_not_zero(self):
        samples = frame(b"x" * 100)
        samples[-1, -1] = 1
        with pytest.raises(PayloadInvalid):
            unframe(samples, width=16, height=16)

    def test_refuses_a_larger_picture_than_the_rule_gives(self):
        samples = np.vstack([frame(b"x" * 100), np.zeros((16, 3), np.uint8)])
        with pytest.raises(PayloadInvalid):
            unframe(samples, width=16, height=17)
