import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20

from shield_core.cipher import reference
from shield_core.cipher.segments import SEGMENT, apply, count
from tests.core.keys.hkdf_reference import expand, extract

KEY = bytes(range(32))
FROZEN = "2cf9a94b4500d747feb3eb0026e0346ec1b09fc76a487f00de9f010d4b5c023e"
SEEDS = [bytes([number]) * 32 for number in (7, 8, 9)]


def stream(size, seeds, **options):
    buffer = np.zeros(size, np.uint8)
    apply(buffer, KEY, b"".join(seeds), **options)
    return buffer.tobytes()


class TestCount:
    @pytest.mark.parametrize(
        ("size", "segments"), [(1, 1), (2**20, 1), (2**20 + 1, 2), (75_000_000, 72), (100_000_000, 96)]
    )
    def test_counts_mebibytes_begun(self, size, segments):
        assert count(size) == segments


class TestApply:
    def test_each_segment_has_a_key_of_its_own(self):
        """docs/reference/format.md, Material, by hashlib and hmac; RFC 8439 from block 0 under a zero nonce."""
        made = stream(2 * SEGMENT + 100, SEEDS)
        for number, seed in enumerate(SEEDS):
            info = b"imageshield/v1/segment" + number.to_bytes(4, "big")
            own = expand("sha512", extract("sha512", b"", KEY + seed), info, 32)
            expected = Cipher(ChaCha20(own, bytes(16)), mode=None).encryptor().update(bytes(64))
            assert made[number * SEGMENT :][:64] == expected

    def test_known_answer(self):
        """Frozen: a change of it is a change of the format."""
        assert stream(32, [bytes(range(32, 64))]).hex() == FROZEN

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("size", [1, 1000, SEGMENT, SEGMENT + 1])
    def test_result_equals_the_reference(self, size, threads):
        seeds = SEEDS[: count(size)]
        assert stream(size, seeds, threads=threads) == reference.stream(bytes(size), KEY, seeds=seeds)

    def test_twice_is_nothing(self):
        data = np.random.default_rng(1).integers(0, 256, (SEGMENT // 2 + 5, 3), np.uint8)
        buffer = data.copy()
        apply(buffer, KEY, b"".join(SEEDS[:2]))
        assert not np.array_equal(buffer, data)
        apply(buffer, KEY, b"".join(SEEDS[:2]), threads=2)
        assert np.array_equal(buffer, data)

    def test_reports_every_mebibyte(self):
        told = []
        apply(np.zeros((SEGMENT, 2), np.uint8), KEY, b"".join(SEEDS[:2]), progress=told.append)
        assert told == [SEGMENT, SEGMENT]

    @pytest.mark.parametrize("seeds", [[], SEEDS[:1], SEEDS, [*SEEDS[:1], SEEDS[1][1:]]])
    def test_another_number_of_seeds_is_refused(self, seeds):
        with pytest.raises(ValueError, match="seed of each segment"):
            stream(2 * SEGMENT, seeds)

    def test_short_key_is_refused(self):
        with pytest.raises(ValueError, match="32 bytes"):
            apply(np.zeros(10, np.uint8), KEY[1:], SEEDS[0])

    def test_read_only_and_scattered_buffers_are_refused(self):
        with pytest.raises(ValueError, match="writable"):
            apply(np.frombuffer(b"abc", np.uint8), KEY, SEEDS[0])
        with pytest.raises(ValueError, match="contiguous"):
            apply(np.zeros(10, np.uint8)[::2], KEY, SEEDS[0])
