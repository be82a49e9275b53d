"""The purity `maximum`: every keystream is XORed with a measured lane of the same length."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.cipher import keystream, reference, shuffling
from shield_core.cipher import threads as cipher_threads
from shield_core.cipher.keystream import STEP, Lane
from shield_core.cipher.permutation import lane_sizes, permute, unpermute
from shield_core.cipher.streams import Streams
from tests.core.cipher.permutations import KEY, Measuring, picture, plain_kernels, small_buckets

STREAM_KEY = bytes(range(100, 132))


def encrypt(samples, measured, threads=1):
    return Streams(STREAM_KEY, KEY, measured=measured).encrypt(samples.copy(), threads=threads)


class TestPicture:
    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP + 1])
    def test_result_equals_the_reference(self, size, threads):
        samples, measured = picture(size, 1), Measuring()
        expected = reference.stream(samples.tobytes(), KEY, lanes=[measured.read(0, 0, size).tobytes()])
        keystream.apply(samples, KEY, measured=measured, threads=threads)
        assert samples.tobytes() == expected

    def test_reference_refuses_lane_of_wrong_length(self):
        with pytest.raises(reference.WrongLane):
            reference.stream(bytes(3), KEY, lanes=[bytes(2)])


class TestLane:
    def test_is_the_sum_of_both(self):
        plain, both = np.empty(200, np.uint8), np.empty(200, np.uint8)
        Lane(KEY, 5).fill(plain)
        lane = Lane(KEY, 5, measured=Measuring())
        for piece in np.split(both, [64, 70, 199]):
            lane.fill(piece)
        assert np.array_equal(both, plain ^ Measuring().read(5, 0, 200))

    def test_begins_where_its_block_does(self):
        whole, tail = np.empty(192, np.uint8), np.empty(64, np.uint8)
        Lane(KEY, 1, measured=Measuring()).fill(whole)
        Lane(KEY, 1, block=2, measured=Measuring()).fill(tail)
        assert np.array_equal(tail, whole[128:])


class TestPermutation:
    @pytest.mark.slow
    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("n", [2, 5, 1000, 2**17, 2**17 + 1, 2**18 + 1])
    def test_result_and_consumed_lanes_equal_the_reference(self, n, threads, monkeypatch):
        """The reference refuses lanes that it does not consume exactly, including rejected words."""
        monkeypatch.setattr(cipher_threads, "_WORTH_A_THREAD", 0)
        samples, measured = picture(n, 3), Measuring()
        permuted = permute(samples, KEY, measured=measured, threads=threads)
        lanes = [b"", *measured.consumed()[1:]]
        assert np.array_equal(permuted, samples[reference.order(n, KEY, lanes=lanes)])
        assert not np.array_equal(permuted, permute(samples, KEY)) or n <= 5

    def test_rejected_word_is_followed_by_another(self):
        """Of three pixels, the word 0 is rejected: 2^32 is no multiple of 3."""
        measured, samples, keystream_of_lane = Measuring(), picture(3, 1), np.empty(12, np.uint8)
        Lane(KEY, 2).fill(keystream_of_lane)
        measured.lanes[2] = keystream_of_lane ^ np.array([0, 2**31, 2**31], "<u4").view(np.uint8)
        assert np.array_equal(permute(samples, KEY, measured=measured), samples[[0, 2, 1]])
        assert reference.order(3, KEY, lanes=measured.consumed()) == [0, 2, 1]

    def test_largest_reference_picture_rejects_words(self):
        """Without rejected words the test above would not cover them: 2^18 + 1 pixels reject a few."""
        measured = Measuring()
        permute(picture(2**18 + 1, 1), KEY, measured=measured)
        draws = sum(stop - start - 1 for start, stop in measured.bounds)
        assert sum(used for lane, used in measured.used.items() if lane > 1) > 4 * draws

    @pytest.mark.parametrize("spoil", ["cut", "longer", "one fewer", "one more", "unread"])
    def test_reference_refuses_lanes_that_do_not_fit(self, spoil):
        measured = Measuring()
        permute(picture(50, 1), KEY, measured=measured)
        lanes = measured.consumed()
        changed = {
            "cut": [*lanes[:2], lanes[2][:-1]],
            "longer": [*lanes[:2], lanes[2] + b"\0"],
            "one fewer": lanes[:2],
            "one more": [*lanes, b""],
            "unread": [b"", b"\0", lanes[2]],
        }
        with pytest.raises(reference.WrongLane):
            reference.order(50, KEY, lanes=changed[spoil])

    @pytest.mark.slow
    @settings(max_examples=40, deadline=None)
    @given(st.integers(0, 700), st.sampled_from([1, 2, 3, 4]), st.integers(1, 7), st.sampled_from([1, 2]))
    def test_any_buckets_and_threads_round_trip(self, n, width, bits, threads):
        """The permutation is undone, and reads the same lanes, for any number of buckets and threads."""
        with small_buckets(bits):
            samples, one, other, back = picture(n, width), *(Measuring(room=1 << 12) for _ in range(3))
            permuted = permute(samples, KEY, measured=one)
            assert np.array_equal(permuted, permute(samples, KEY, measured=other, threads=threads))
            assert np.array_equal(unpermute(permuted, KEY, measured=back, threads=threads), samples)
            assert one.used == other.used == back.used
            assert one.bounds == other.bounds == back.bounds

    @pytest.mark.slow
    def test_plain_kernels_read_the_same(self):
        compiled, plain = Measuring(), Measuring()
        with small_buckets(3):
            permuted = permute(picture(300, 3), KEY, measured=compiled)
            with plain_kernels():
                assert np.array_equal(permute(picture(300, 3), KEY, measured=plain), permuted)
        assert compiled.used == plain.used

    def test_refills_read_no_more(self, monkeypatch):
        one, many = Measuring(), Measuring()
        permuted = permute(picture(5000, 4), KEY, measured=one)
        monkeypatch.setattr(shuffling, "_WORDS", 5)
        assert np.array_equal(permute(picture(5000, 4), KEY, measured=many), permuted)
        assert one.used == many.used


class TestLaneSizes:
    @pytest.mark.parametrize("n", [1, 2, 2**17, 2**17 + 1, 2**18 + 1])
    def test_are_what_is_read(self, n):
        measured = Measuring()
        permute(picture(n, 1), KEY, measured=measured)
        choices, buckets = lane_sizes(n)
        assert measured.used.get(1, 0) == choices
        assert len(measured.bounds or [0]) == buckets


class TestStreams:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_measured_streams_equal_the_reference(self, threads):
        samples, measured = picture(3000, 3), Measuring()
        made = encrypt(samples, measured, threads)
        lanes = measured.consumed()
        xored = np.frombuffer(reference.stream(samples.tobytes(), STREAM_KEY, lanes=lanes), np.uint8).reshape(-1, 3)
        assert np.array_equal(made, xored[reference.order(3000, KEY, lanes=lanes)])

    @pytest.mark.slow
    def test_segmented_streams_equal_the_reference(self):
        samples, seeds = picture(400_000, 3), [bytes([1]) * 32, bytes([2]) * 32]
        made = Streams(STREAM_KEY, KEY, seeds=b"".join(seeds)).encrypt(samples.copy())
        xored = np.frombuffer(reference.stream(samples.tobytes(), STREAM_KEY, seeds=seeds), np.uint8).reshape(-1, 3)
        assert np.array_equal(made, permute(xored, KEY))

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize(
        "more", [{}, {"seeds": bytes(range(64))}, {"measured": Measuring()}], ids=["plain", "segmented", "measured"]
    )
    def test_are_undone_and_report_all_bytes_thrice(self, more, threads):
        samples, told = picture(400_000, 3), []
        streams = Streams(STREAM_KEY, KEY, **more)
        made = streams.encrypt(samples.copy(), threads=threads, progress=told.append)
        assert sum(told) == 3 * samples.nbytes
        told.clear()
        assert np.array_equal(streams.decrypt(made, threads=threads, progress=told.append), samples)
        assert sum(told) == 3 * samples.nbytes

    def test_secrets_do_not_show(self):
        shown = repr(Streams(STREAM_KEY, KEY, seeds=bytes(range(32)), measured=Measuring()))
        assert shown == "Streams()"
