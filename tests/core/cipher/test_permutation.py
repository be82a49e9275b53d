import json
import math
from hashlib import sha256
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.cipher import buckets, reference, shuffling
from shield_core.cipher.keystream import STEP
from shield_core.cipher.permutation import permute, room, unpermute, warm
from shield_core.errors import Cancelled
from tests.core.cipher.permutations import KEY, picture, plain_kernels, small_buckets

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "permutation.json").read_text())
WIDTHS = (1, 2, 3, 4)
keys = st.binary(min_size=32, max_size=32)


@pytest.fixture(scope="module")
def twin():
    """The orders of the reference implementation, each computed once."""
    known = {}

    def order(n):
        if n not in known:
            known[n] = np.array(reference.order(n, KEY))
        return known[n]

    return order


class TestVectors:
    @pytest.mark.slow
    @pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: str(vector["n"]))
    def test_reference_gives_the_frozen_order(self, vector):
        order = reference.order(vector["n"], bytes.fromhex(vector["key"]))
        assert order[:8] == vector["first"]
        assert sha256(np.array(order, "<u4").tobytes()).hexdigest() == vector["order_sha256"]

    @pytest.mark.slow
    @pytest.mark.parametrize("vector", VECTORS["vectors"], ids=lambda vector: str(vector["n"]))
    def test_kernels_give_the_frozen_order(self, vector):
        """Pixels of 4 bytes that hold their own number give the order itself."""
        numbers = np.arange(vector["n"], dtype="<u4").view(np.uint8).reshape(-1, 4)
        order = permute(numbers, bytes.fromhex(vector["key"]))
        assert sha256(order.tobytes()).hexdigest() == vector["order_sha256"]


class TestPermute:
    @pytest.mark.slow
    @pytest.mark.parametrize("width", WIDTHS)
    @pytest.mark.parametrize("n", [1, 2, 5, 2**17, 2**17 + 1, 2**18 + 1])
    def test_result_equals_the_reference(self, twin, n, width):
        samples = picture(n, width)
        assert np.array_equal(permute(samples, KEY), samples[twin(n)])

    @pytest.mark.parametrize("width", WIDTHS)
    def test_of_nothing_is_nothing(self, width):
        assert permute(np.empty((0, width), np.uint8), KEY).shape == (0, width)
        assert reference.order(0, KEY) == []

    @pytest.mark.parametrize("width", WIDTHS)
    def test_input_is_not_changed(self, width):
        samples = picture(1000, width)
        permute(samples, KEY)
        assert np.array_equal(samples, picture(1000, width))

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("width", WIDTHS)
    @pytest.mark.parametrize("n", [0, 1, 1000, 2**20 + 3])
    def test_permute_in_place_uses_given_memory(self, n, width, threads):
        samples = picture(n, width)
        expected = permute(samples, KEY)
        memory = np.full(room(n, width, threads=threads) + 5, 77, np.uint8)
        assert permute(samples, KEY, out=samples, memory=memory, threads=threads) is samples
        assert np.array_equal(samples, expected)
        assert memory[-5:].tolist() == [77] * 5

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("n", [2, 1000, 2**20 + 3])
    def test_what_is_said_to_be_final_stays(self, n, threads):
        samples, out, seen = picture(n, 3), np.zeros((n, 3), np.uint8), []
        permute(
            samples, KEY, out=out, threads=threads, settled=lambda places: seen.append((places, out[:places].copy()))
        )
        assert [places for places, _ in seen] == sorted(places for places, _ in seen)
        assert all(np.array_equal(final, out[:places]) for places, final in seen)
        assert threads == 2 or seen[-1][0] == n

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("width", WIDTHS)
    def test_run_with_too_little_room_changes_nothing(self, monkeypatch, width, threads):
        samples = picture(2**20 + 3, width)
        expected = permute(samples, KEY)
        monkeypatch.setattr(buckets, "_SPARE", 0)
        told = []
        assert np.array_equal(permute(samples, KEY, threads=threads, progress=told.append), expected)
        assert sum(told) == 2 * samples.nbytes

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("width", [1, 3])
    @pytest.mark.parametrize("spare", [-1, 0, 1])
    def test_room_one_place_short_or_sufficient(self, monkeypatch, spare, width, threads):
        """Each run has room for its pixels and a free place, or lacks that place, or also a place for a pixel."""
        samples, sizes, scatter = picture(2**20 + 3, width), [], buckets._scatter
        monkeypatch.setattr(buckets, "_scatter", lambda *given: sizes.append(scatter(*given)) or sizes[-1])
        expected = permute(samples, KEY, threads=threads)
        monkeypatch.setattr(buckets, "_likely", lambda *_: sizes[0] + spare)
        memory = np.full(room(len(samples), width, threads=threads) + 5, 77, np.uint8)
        assert np.array_equal(permute(samples, KEY, memory=memory, threads=threads), expected)
        assert memory[-5:].tolist() == [77] * 5
        assert len(sizes) == (2 if spare == 1 else 3)  # with the second try

    @given(st.integers(0, 600), st.sampled_from(WIDTHS), keys)
    def test_loses_and_doubles_no_pixel(self, n, width, key):
        samples = picture(n, width)
        moved = permute(samples, key)
        assert np.array_equal(np.sort(samples.view(f"V{width}"), axis=0), np.sort(moved.view(f"V{width}"), axis=0))

    @pytest.mark.slow
    @given(st.integers(0, 600), st.sampled_from(WIDTHS), keys)
    def test_is_undone(self, n, width, key):
        samples = picture(n, width)
        assert np.array_equal(unpermute(permute(samples, key), key), samples)

    def test_of_more_than_a_step_is_undone(self):
        samples = picture(STEP + 3, 1)
        assert np.array_equal(unpermute(permute(samples, KEY), KEY), samples)

    @pytest.mark.slow
    @pytest.mark.parametrize("width", WIDTHS)
    @pytest.mark.parametrize("n", [2**20, 2**20 + 1, 1_300_007])
    def test_two_threads_give_what_one_gives(self, n, width):
        samples = picture(n, width)
        permuted = permute(samples, KEY, threads=2)
        assert np.array_equal(permuted, permute(samples, KEY))
        assert np.array_equal(unpermute(permuted.copy(), KEY), samples)
        assert np.array_equal(unpermute(permuted, KEY, threads=2), samples)

    @pytest.mark.slow
    @settings(max_examples=60)
    @given(st.integers(2, 700), st.sampled_from(WIDTHS), st.integers(1, 7), st.sampled_from([1, 2]), keys)
    def test_is_undone_with_many_buckets_of_few_pixels(self, n, width, bits, threads, key):
        with small_buckets(bits):
            samples = picture(n, width)
            permuted = permute(samples, key, threads=threads)
            assert np.array_equal(permuted, permute(samples, key))
            assert np.array_equal(
                np.sort(samples.view(f"V{width}"), axis=0), np.sort(permuted.view(f"V{width}"), axis=0)
            )
            assert np.array_equal(unpermute(permuted, key, threads=threads), samples)

    @pytest.mark.slow
    def test_all_orders_of_five_are_equally_likely(self):
        """24,000 keys over 120 orders: chi-square with 119 degrees of freedom stays under 0.999999 quantile."""
        samples = np.arange(5, dtype=np.uint8).reshape(5, 1)
        seen = dict.fromkeys(permutations(range(5)), 0)
        for number in range(24_000):
            seen[tuple(permute(samples, number.to_bytes(32, "big"))[:, 0].tolist())] += 1
        chi_square = sum((count - 200) ** 2 / 200 for count in seen.values())
        assert chi_square < chi_square_quantile(119, 4.753)

    def test_reports_all_bytes_twice(self):
        for n in (1, 100, 2**17 + 1):
            told = []
            permuted = permute(picture(n, 3), KEY, progress=told.append)
            assert sum(told) == 2 * permuted.nbytes
            told.clear()
            unpermute(permuted, KEY, progress=told.append)
            assert sum(told) == 2 * permuted.nbytes

    @pytest.mark.parametrize("threads", [1, 2])
    def test_reports_at_least_every_mebibyte_of_pixels(self, threads):
        told = []
        samples = picture(2**21, 3)
        permute(samples, KEY, threads=threads, progress=told.append)
        assert sum(told) == 2 * samples.nbytes
        assert len(told) > 2 * samples.nbytes / (3 * STEP * threads)

    @pytest.mark.parametrize(("threads", "calls"), [(1, 0), (1, 3), (1, 8), (2, 0)])
    def test_what_progress_raises_ends_it(self, threads, calls):
        left = iter(range(calls))

        def stop(_):
            if next(left, None) is None:
                raise Cancelled

        with pytest.raises(Cancelled):
            permute(picture(2**20, 3), KEY, threads=threads, progress=stop)

    def test_wipes_its_memory(self, monkeypatch):
        workspaces = []
        init = shuffling._Workspace.__init__
        monkeypatch.setattr(
            shuffling._Workspace,
            "__init__",
            lambda workspace, *sizes: (workspaces.append(workspace), init(workspace, *sizes))[1],
        )
        permute(picture(1000, 3), KEY)
        assert not any(
            memory.any()
            for workspace in workspaces
            for memory in (workspace.keystream, workspace.partners, workspace.pixels)
        )


class TestRefusals:
    @pytest.mark.parametrize("function", [permute, unpermute])
    @pytest.mark.parametrize(
        "samples",
        [np.zeros((4, 5), np.uint8), np.zeros((4, 0), np.uint8), np.zeros(4, np.uint8), np.zeros((4, 3), np.int8)],
    )
    def test_other_shapes_and_types(self, function, samples):
        with pytest.raises(ValueError, match="uint8"):
            function(samples, KEY)

    @pytest.mark.parametrize("function", [permute, unpermute])
    def test_scattered_samples(self, function):
        with pytest.raises(ValueError, match="contiguous"):
            function(np.zeros((4, 6), np.uint8)[:, ::2], KEY)

    @pytest.mark.parametrize("function", [permute, unpermute])
    @pytest.mark.parametrize("size", [0, 31, 33])
    def test_keys_of_another_length(self, function, size):
        with pytest.raises(ValueError, match="32 bytes"):
            function(np.zeros((4, 3), np.uint8), bytes(size))


class TestBuckets:
    @pytest.mark.parametrize(
        ("n", "bits"),
        [(1, 0), (2, 0), (2**17, 0), (2**17 + 1, 1), (2**18, 1), (2**18 + 1, 2), (2**24 + 1, 8), (25_000_000, 8)],
    )
    def test_number_follows_the_format(self, n, bits):
        assert buckets.bits_for(n) == bits

    def test_refill_after_rejected_words(self, monkeypatch):
        """With 5 words at a time most draws need a refill, but the order stays the same."""
        samples = picture(5000, 4)
        expected = permute(samples, KEY)
        monkeypatch.setattr(shuffling, "_WORDS", 5)
        permuted = permute(samples, KEY)
        assert np.array_equal(permuted, expected)
        assert np.array_equal(unpermute(permuted, KEY), samples)


class TestPlainKernels:
    """The same kernels as Python, in which a wrong index raises instead of reading other memory."""

    @pytest.mark.parametrize("width", WIDTHS)
    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("n", [2, 3, 70, 300])
    def test_give_what_the_compiled_ones_give(self, n, threads, width):
        samples = picture(n, width)
        with small_buckets(3):
            compiled = permute(samples, KEY)
            with plain_kernels():
                plain = permute(samples, KEY, threads=threads)
                assert np.array_equal(plain, compiled)
                assert np.array_equal(unpermute(plain, KEY, threads=threads), samples)

    def test_single_bucket_equals_the_reference(self, twin):
        samples = picture(400, 3)
        with plain_kernels():
            assert np.array_equal(permute(samples, KEY), samples[twin(400)])


def test_warm_compiles_both_ways_for_every_width():
    warm()


def chi_square_quantile(freedom, z):
    """Wilson and Hilferty 1931: the quantile of chi-square from that of the normal distribution."""
    return freedom * (1 - 2 / (9 * freedom) + z * math.sqrt(2 / (9 * freedom))) ** 3
