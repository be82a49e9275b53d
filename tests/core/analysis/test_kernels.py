import numpy as np
import pytest

from shield_core.analysis.measures import kernels
from shield_core.analysis.measures.kernels import CHUNK, TABLES


def bytes_of(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8)


def wide_of(size, seed=0):
    return np.random.default_rng(seed).integers(0, 65_536, size, dtype=np.uint16)


@pytest.fixture(params=["compiled", "python"])
def kernel(request):
    """The compiled code, and the same code as plain Python, in which an index out of range raises."""
    return lambda name: getattr(kernels, name) if request.param == "compiled" else getattr(kernels, name).py_func


SIZES = [0, 1, 11, 12, 13, 100]


class TestCount:
    @pytest.mark.parametrize("size", SIZES)
    def test_byte_i_counts_in_table_i_mod_12(self, kernel, size):
        data, tables = bytes_of(size), np.zeros((TABLES, 256), np.uint32)
        kernel("count")(data, tables)
        assert [table.tolist() for table in tables] == [
            np.bincount(data[t::TABLES], minlength=256).tolist() for t in range(TABLES)
        ]


class TestDot:
    @pytest.mark.parametrize("size", SIZES)
    def test_is_the_sum_of_products(self, kernel, size):
        for name, make in (("dot", bytes_of), ("dot_wide", wide_of), ("_dot_chunk", bytes_of)):
            a, b = make(size), make(size, seed=1)
            assert int(kernel(name)(a, b)) == sum(x * y for x, y in zip(a.tolist(), b.tolist(), strict=True))

    @pytest.mark.parametrize("size", [CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK + 5])
    def test_the_brightest_fit(self, size):
        white = np.full(size, 255, np.uint8)
        assert int(kernels.dot(white, white)) == size * 255 * 255
        wide = np.full(size, 65_535, np.uint16)
        assert int(kernels.dot_wide(wide, wide)) == size * 65_535 * 65_535


class TestGaps:
    @pytest.mark.parametrize("size", SIZES)
    def test_are_those_of_the_definition(self, kernel, size):
        for name, make in (("gaps", bytes_of), ("gaps_wide", wide_of), ("_gaps_chunk", bytes_of)):
            p, c = make(size), make(size, seed=1)
            c[::3] = p[::3]
            differences = [x - y for x, y in zip(p.tolist(), c.tolist(), strict=True)]
            found = [int(part) for part in kernel(name)(p, c)]
            assert found == [differences.count(0), sum(map(abs, differences)), sum(d * d for d in differences)]

    @pytest.mark.parametrize("size", [CHUNK, CHUNK + 1, 3 * CHUNK + 5])
    def test_the_farthest_fit(self, size):
        white, black = np.full(size, 255, np.uint8), np.zeros(size, np.uint8)
        assert [int(part) for part in kernels.gaps(white, black)] == [0, size * 255, size * 255 * 255]
        assert [int(part) for part in kernels.gaps(black, white)] == [0, size * 255, size * 255 * 255]
