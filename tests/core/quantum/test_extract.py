from fractions import Fraction
from hashlib import sha512 as reference_sha512

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import toeplitz as reference_toeplitz

from shield_core.errors import SourceFailed
from shield_core.quantum import extract
from shield_core.quantum.extract import TOEPLITZ_BITS, multiply, plan, toeplitz

HALF = Fraction(1, 2)


def bits_of(data):
    return np.unpackbits(np.frombuffer(bytes(data), np.uint8))


def product(diagonals, raw, n_bits):
    """The same matrix, built by SciPy entry by entry, and an integer product."""
    x, d = bits_of(raw).astype(np.int64), bits_of(diagonals).astype(np.int64)
    n = x.size
    matrix = reference_toeplitz(d[n - 1 : n - 1 + n_bits], d[n - 1 :: -1])
    return np.packbits(matrix @ x % 2).tobytes()


def biased(n_bits, share, seed=0):
    return np.packbits(np.random.default_rng(seed).random(n_bits) < share).tobytes()


class TestMultiply:
    @settings(deadline=None, max_examples=60)
    @given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40))
    def test_is_the_product_with_the_matrix(self, seed, n_bytes, m_bytes):
        random = np.random.default_rng(seed)
        raw, diagonals = random.bytes(n_bytes), random.bytes(n_bytes + m_bytes)
        assert multiply(diagonals, raw, 8 * m_bytes) == product(diagonals, raw, 8 * m_bytes)

    def test_of_a_small_matrix_by_hand(self):
        """First row 1 followed by d: only the last diagonal bit set moves the last raw bit to the first place."""
        diagonals = (1 << (15 - 7)).to_bytes(2, "big")  # d[7] = 1: the diagonal i = j
        assert multiply(diagonals, b"\xa5", 8) == b"\xa5"
        diagonals = (1 << (15 - 8)).to_bytes(2, "big")  # d[8] = 1: i = j + 1, everything one place further
        assert multiply(diagonals, b"\xa5", 8) == bytes([0xA5 >> 1])

    @pytest.mark.parametrize("odd", [0, 1])
    def test_takes_the_parity_of_the_largest_sums_exactly(self, odd):
        """All ones: every sum is n, the largest there is, and its parity is known."""
        n_bits = 1 << 18
        raw = np.ones(n_bits, np.uint8)
        raw[:odd] = 0
        ones = np.packbits(np.ones(n_bits + 4096, np.uint8)).tobytes()
        assert multiply(ones, np.packbits(raw).tobytes(), 4096) == bytes([0xFF if odd else 0]) * 512

    def test_is_exact_at_full_size(self):
        """Sampled rows, each summed as integers."""
        random = np.random.default_rng(3)
        n_bits, m_bits = 135_168, TOEPLITZ_BITS
        raw, diagonals = random.bytes(n_bits // 8), random.bytes((n_bits + m_bits) // 8)
        got, x, d = bits_of(multiply(diagonals, raw, m_bits)), bits_of(raw).astype(int), bits_of(diagonals).astype(int)
        for row in (0, 1, 12_345, m_bits - 1):
            assert got[row] == int(d[row : row + n_bits][::-1] @ x) % 2

    def test_is_linear(self):
        random = np.random.default_rng(4)
        one, other, diagonals = random.bytes(64), random.bytes(64), random.bytes(96)
        both = bytes(a ^ b for a, b in zip(one, other, strict=True))
        apart = (multiply(diagonals, part, 256) for part in (one, other))
        assert multiply(diagonals, both, 256) == bytes(a ^ b for a, b in zip(*apart, strict=True))

    @pytest.mark.parametrize("error", [0.25, 0.5, float("nan")])
    def test_refuses_sums_that_are_not_whole(self, error, monkeypatch):
        exact = np.fft.irfft
        monkeypatch.setattr(extract.np.fft, "irfft", lambda *args: exact(*args) + error)
        with pytest.raises(SourceFailed, match="floating point"):
            multiply(bytes(96), bytes(64), 256)

    def test_error_below_a_quarter_is_corrected(self, monkeypatch):
        random = np.random.default_rng(5)
        raw, diagonals = random.bytes(64), random.bytes(96)
        expected, exact = multiply(diagonals, raw, 256), np.fft.irfft
        for error in (0.2, -0.2):
            monkeypatch.setattr(extract.np.fft, "irfft", lambda *args, off=error: exact(*args) + off)
            assert multiply(diagonals, raw, 256) == expected


class TestToeplitz:
    def test_draws_another_matrix_each_time(self):
        raw = biased(4096, 0.5)
        assert len({toeplitz(raw, 256) for _ in range(100)}) == 100

    def test_draws_all_of_it_from_the_operating_system(self, monkeypatch):
        drawn = []
        monkeypatch.setattr(extract.os, "urandom", lambda size: drawn.append(size) or bytes(size))
        assert toeplitz(biased(4096, 0.5), 256) == bytes(32)
        assert drawn == [(4096 + 256) // 8]


class TestPlan:
    @pytest.mark.parametrize("min_entropy", [Fraction(1), Fraction(9, 10), HALF, Fraction(1, 100)])
    @pytest.mark.parametrize("n_bits", [4096, 12_288, 61_440, 65_536, 69_632, 1 << 20])
    def test_asks_for_enough_raw_bits_in_whole_blocks(self, n_bits, min_entropy):
        planned = plan(n_bits, min_entropy)
        assert planned.raw_bits % 4096 == 0
        if planned.method == "sha-512":
            assert planned.raw_bits * min_entropy >= 2 * n_bits
        else:
            outputs = -(-n_bits // TOEPLITZ_BITS)
            assert planned.raw_bits * min_entropy / outputs >= TOEPLITZ_BITS + 128

    def test_bulk_takes_half_as_many_raw_bits(self):
        assert plan(61_440, HALF).raw_bits == 4 * 61_440
        assert plan(65_536, HALF).raw_bits < 2.1 * 65_536

    @pytest.mark.parametrize("n_bits", [0, -4096, 8, 4104])
    def test_works_in_blocks(self, n_bits):
        with pytest.raises(ValueError, match="4096"):
            plan(n_bits, HALF)

    @pytest.mark.parametrize("min_entropy", [Fraction(0), Fraction(-1, 2), Fraction(11, 10)])
    def test_min_entropy_out_of_range_is_refused(self, min_entropy):
        with pytest.raises(ValueError, match="entropy"):
            plan(4096, min_entropy)


class TestApply:
    @pytest.mark.parametrize("n_bits", [4096, 61_440, 65_536, 69_632])
    def test_gives_as_many_bits_as_were_planned(self, n_bits):
        planned = plan(n_bits, HALF)
        assert len(planned.apply(biased(planned.raw_bits, 0.5))) * 8 == n_bits

    def test_each_digest_hashes_its_own_share(self):
        planned = plan(4096, HALF)
        raw = biased(planned.raw_bits, 0.4)
        assert planned.apply(raw) == b"".join(
            reference_sha512(raw[at : at + 256]).digest() for at in range(0, 2048, 256)
        )

    def test_uses_every_raw_bit(self):
        planned = plan(4096, HALF)
        raw = bytearray(biased(planned.raw_bits, 0.4))
        before = planned.apply(raw)
        for at in range(0, len(raw), 97):
            raw[at] ^= 1
            assert planned.apply(raw) != before
            raw[at] ^= 1

    @pytest.mark.parametrize("n_bits", [32_768, 131_072])
    def test_bias_of_seventy_to_thirty_is_removed(self, n_bits):
        """-log2(0.7) is just over the assumed half bit; ones stay within 6 standard deviations of half."""
        planned = plan(n_bits, HALF)
        raw = biased(planned.raw_bits, 0.7, seed=6)
        assert int(bits_of(raw).sum()) > 0.69 * planned.raw_bits
        assert abs(int(bits_of(planned.apply(raw)).sum()) - n_bits / 2) < 6 * (n_bits / 4) ** 0.5

    def test_refuses_another_number_of_raw_bits(self):
        with pytest.raises(ValueError, match="16384 raw bits"):
            plan(4096, HALF).apply(bytes(2047))

    def test_says_how_and_never_what(self):
        planned = plan(65_536, HALF)
        assert planned.to_json() == {
            "method": "toeplitz",
            "raw_bits": 135_168,
            "bits": 65_536,
            "assumed_min_entropy": [1, 2],
        }
