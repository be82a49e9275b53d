import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.analysis.entropy import shannon


class TestShannon:
    def test_one_value_has_none(self):
        assert shannon(bytes(1000)) == 0.0

    def test_all_values_alike_have_eight_bits(self):
        assert shannon(bytes(range(256)) * 7) == 8.0

    def test_example_of_the_source(self):
        """Shannon 1948, section 7: four letters of probability 1/2, 1/4, 1/8 and 1/8 have 7/4 bits."""
        assert shannon(np.array([0, 0, 0, 0, 1, 1, 2, 3], np.uint8)) == pytest.approx(7 / 4)

    @given(st.binary(min_size=1, max_size=400))
    def test_is_the_sum_of_the_definition(self, data):
        shares = [data.count(value) / len(data) for value in set(data)]
        assert shannon(data) == pytest.approx(sum(-share * math.log2(share) for share in shares), abs=1e-12)

    def test_counts_a_large_picture_in_pieces(self):
        picture = np.random.default_rng(0).integers(0, 256, (1500, 1000, 3), dtype=np.uint8)
        assert 7.9999 < shannon(picture) <= 8.0

    @pytest.mark.parametrize("samples", [b"", np.zeros(3, np.uint16)])
    def test_other_things_are_refused(self, samples):
        with pytest.raises(ValueError, match="bytes"):
            shannon(samples)
