import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.cipher import reference
from shield_core.cipher.keystream import Lane
from shield_core.cipher.streams import Streams
from shield_core.encrypted import chunks
from shield_core.encrypted.lanes import SPARE_WORDS, Recording, Replay
from shield_core.errors import EntropyError, MacMismatch, PayloadInvalid
from tests.core.cipher.permutations import picture, small_buckets

STREAM_KEY, PERM_KEY, KEY = (bytes([number]) * 32 for number in (1, 2, 3))
HEAD = b"QSMT\x01" + bytes(16)


def recorded(samples, threads=1, rejected=0):
    """The encrypted samples and the sealed lanes; the first words of the first bucket are measured to be rejected."""
    recording = Recording(samples.nbytes, len(samples))
    recording.memory[:] = np.random.default_rng(9).integers(0, 256, recording.memory.size, np.uint8)
    Lane(PERM_KEY, 2).fill(
        recording.memory[26 + samples.nbytes :][: 4 * rejected]
    )  # 0 with ChaCha20, and 0 is rejected
    streams = Streams(STREAM_KEY, PERM_KEY, measured=recording)
    encrypted = streams.encrypt(samples.copy(), threads=threads)
    return encrypted, recording.seal(key=KEY, head=HEAD)


def opened(sealed):
    return bytes(chunks.open_sealed(sealed, key=KEY, head=HEAD))


def parsed(plain):
    """The lanes by the grammar of docs/reference/format.md, Material."""
    count, at, lanes = int.from_bytes(plain[:2], "big"), 2, []
    for _ in range(count):
        length = int.from_bytes(plain[at : at + 8], "big")
        lanes.append(plain[at + 8 : at + 8 + length])
        at += 8 + length
    assert at == len(plain)
    return lanes


def written(lanes):
    return len(lanes).to_bytes(2, "big") + b"".join(len(lane).to_bytes(8, "big") + lane for lane in lanes)


def replayed(encrypted, plain, samples, threads=1):
    reader = chunks.Reader(chunks.seal(plain, key=KEY, head=HEAD), key=KEY, head=HEAD)
    replay = Replay(reader, payload_bytes=samples.nbytes, pixels=len(samples))
    back = Streams(STREAM_KEY, PERM_KEY, measured=replay).decrypt(encrypted.copy(), threads=threads)
    replay.finish()
    return back


class TestRecording:
    @pytest.mark.slow
    @pytest.mark.parametrize("n", [1, 2, 1000, 2**17 + 1, 2**18 + 1])
    def test_material_holds_what_the_reference_consumes(self, n):
        """Byte for byte in every lane: the reference refuses one byte too few or too many."""
        samples = picture(n, 3)
        encrypted, sealed = recorded(samples)
        lanes = parsed(opened(sealed))
        xored = np.frombuffer(reference.stream(samples.tobytes(), STREAM_KEY, lanes=lanes), np.uint8).reshape(-1, 3)
        assert np.array_equal(encrypted, xored[reference.order(n, PERM_KEY, lanes=lanes)])

    def test_size_is_2_7_times_color_samples(self):
        samples = picture(2**18, 3)
        assert len(recorded(samples)[1]) / samples.nbytes == pytest.approx(8 / 3, rel=0.001)

    def test_takes_every_byte_from_another_place(self):
        """No measured byte is used in two lanes."""
        samples = picture(3000, 3)
        recording = Recording(samples.nbytes, len(samples))
        recording.memory[:] = np.arange(recording.memory.size, dtype=np.uint32).view(np.uint8)[: recording.memory.size]
        Streams(STREAM_KEY, PERM_KEY, measured=recording).encrypt(samples)
        lanes = parsed(opened(recording.seal(key=KEY, head=HEAD)))
        words = [np.frombuffer(lane[2 : len(lane) // 4 * 4 - 2], "<u4") for lane in lanes if lane]
        assert sum(map(len, words)) == len(np.unique(np.concatenate(words)))

    @pytest.mark.parametrize("threads", [1, 2])
    def test_does_not_depend_on_the_number_of_threads(self, threads):
        samples = picture(2**20 + 5, 1)
        encrypted, sealed = recorded(samples, threads)
        assert np.array_equal(encrypted, recorded(samples)[0])
        assert sealed == recorded(samples)[1]

    def test_too_many_rejected_words_raise(self, monkeypatch):
        monkeypatch.setattr("shield_core.encrypted.lanes.SPARE_WORDS", -2)
        with pytest.raises(EntropyError):
            recorded(picture(1000, 1))

    def test_room_is_enough_for_all_that_is_rejected(self):
        """Lemire's method rejects a word with probability (2^32 mod s) / 2^32: 1.1 words in the largest buckets."""
        expected = sum((2**32 % s) / 2**32 for s in range(2, 2**17))
        assert expected < 2
        assert 30 * expected < SPARE_WORDS

    def test_is_wiped(self):
        recording = Recording(100, 100)
        recording.memory[:] = 1
        memory = recording.memory
        recording.wipe()
        assert not memory.any()

    def test_is_not_wiped_once_it_is_sealed(self):
        samples = picture(10, 1)
        recording = Recording(samples.nbytes, len(samples))
        recording.memory[:] = 7
        Streams(STREAM_KEY, PERM_KEY, measured=recording).encrypt(samples)
        sealed = recording.seal(key=KEY, head=HEAD)
        recording.wipe()
        assert parsed(opened(sealed))[0] == bytes([7]) * 10


class TestReplay:
    @settings(max_examples=30, deadline=None)
    @given(st.integers(1, 700), st.sampled_from([1, 2, 3, 4]), st.integers(1, 7), st.sampled_from([1, 2]))
    def test_gives_the_picture_back(self, n, width, bits, threads):
        with small_buckets(bits):
            samples = picture(n, width)
            encrypted, sealed = recorded(samples, threads)
            assert np.array_equal(replayed(encrypted, opened(sealed), samples, threads), samples)

    @pytest.mark.parametrize(
        ("n", "lane", "change"),
        [(n, lane, change) for n in (1, 50) for lane in (0, 1, 2) for change in (1, 4)]
        + [(n, lane, change) for n, lane in ((1, 0), (50, 0), (50, 2)) for change in (-1, -3)],
    )
    def test_lane_not_consumed_exactly_is_refused(self, n, lane, change):
        samples = picture(n, 3)
        encrypted, sealed = recorded(samples)
        lanes = parsed(opened(sealed))
        lanes[lane] = lanes[lane] + bytes(change) if change > 0 else lanes[lane][:change]
        with pytest.raises(PayloadInvalid):
            replayed(encrypted, written(lanes), samples)

    @pytest.mark.parametrize("threads", [1, 2])
    def test_words_that_are_rejected_are_replayed(self, threads):
        samples = picture(50, 3)
        encrypted, sealed = recorded(samples, rejected=3)
        assert len(parsed(opened(sealed))[2]) == 4 * (49 + 3)
        assert np.array_equal(replayed(encrypted, opened(sealed), samples, threads), samples)

    @pytest.mark.parametrize("n", range(chunks.CHUNK - 10 - 8, chunks.CHUNK - 10 + 1))
    def test_length_across_chunk_edge_is_read(self, n):
        """The length of lane 1 follows lane 0, at 2 + 8 + n."""
        samples = picture(n, 1)
        encrypted, sealed = recorded(samples)
        assert np.array_equal(replayed(encrypted, opened(sealed), samples), samples)

    def test_lane_without_a_rejected_word_is_refused(self):
        """The lane is long enough for all draws but lacks one word."""
        samples = picture(50, 3)
        encrypted, sealed = recorded(samples, rejected=3)
        lanes = parsed(opened(sealed))
        lanes[2] = lanes[2][:-4]
        with pytest.raises(PayloadInvalid, match="too short"):
            replayed(encrypted, written(lanes), samples)

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda lanes: written(lanes[:-1]),
            lambda lanes: written([*lanes, b""]),
            lambda lanes: written(lanes)[:-1],
            lambda lanes: written(lanes) + b"\0",
            lambda lanes: written(lanes)[:1],
            lambda lanes: b"",
            lambda lanes: written(lanes)[:9],
            lambda lanes: written(lanes)[:2] + b"\xff" * 8 + written(lanes)[10:],
        ],
        ids=["fewer", "more", "cut", "longer", "half a count", "nothing", "half a length", "endless"],
    )
    def test_another_grammar_is_refused(self, spoil):
        samples = picture(50, 3)
        encrypted, sealed = recorded(samples)
        with pytest.raises(PayloadInvalid):
            replayed(encrypted, spoil(parsed(opened(sealed))), samples)

    def test_material_of_another_key_is_refused(self):
        samples = picture(50, 3)
        _, sealed = recorded(samples)
        reader = chunks.Reader(sealed, key=bytes(32), head=HEAD)
        with pytest.raises(MacMismatch):
            Replay(reader, payload_bytes=samples.nbytes, pixels=len(samples))
