from itertools import islice

import pytest

from shield_core.quantum.oracle import mersenne_twister_64, predict


class TestMersenneTwister64:
    def test_is_the_standard_generator(self):
        """ISO C++, [rand.predef]: the 10,000th word under the default seed."""
        assert next(islice(mersenne_twister_64(5489), 9_999, None)) == 9_981_545_732_273_789_042

    def test_64_bit_seed_differs_from_its_low_half(self):
        one, other = (list(islice(mersenne_twister_64(seed), 10)) for seed in (7, 7 + 2**32))
        assert set(one).isdisjoint(other)


class TestPredict:
    @pytest.mark.parametrize("qubits", [1, 5, 8, 16])
    def test_takes_the_highest_bits_of_each_word(self, qubits):
        words = list(islice(mersenne_twister_64(5489), 80))
        bits = "".join(f"{word:064b}"[:qubits] for word in words)
        assert predict(5489, 80, qubits=qubits) == int(bits[:80], 2).to_bytes(10, "big")
