import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.container.chunks import CHUNK, TAG, open_sealed, seal
from shield_core.errors import MacMismatch

KEY = bytes(range(32))
HEAD = b"QSBL\x01" + bytes(16)


class TestSeal:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
    def test_every_size_opens_again(self, size):
        data = os.urandom(size)
        assert open_sealed(seal(data, key=KEY, head=HEAD), key=KEY, head=HEAD) == data

    def test_the_head_stands_in_clear_and_the_rest_does_not(self):
        sealed = seal(b"canary" * 100, key=KEY, head=HEAD)
        assert sealed.startswith(HEAD)
        assert b"canary" not in sealed

    def test_equal_chunks_do_not_look_equal(self):
        sealed = seal(bytes(2 * CHUNK), key=KEY, head=HEAD)
        first = sealed[len(HEAD) : len(HEAD) + CHUNK]
        assert sealed[len(HEAD) + CHUNK + TAG : len(HEAD) + 2 * CHUNK + TAG] != first


class TestOpen:
    @given(data=st.binary(max_size=80), bit=st.integers(min_value=0))
    def test_every_flipped_bit_is_refused(self, data, bit):
        sealed = seal(data, key=KEY, head=HEAD)
        bit %= len(sealed) * 8
        sealed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(MacMismatch):
            open_sealed(sealed, key=KEY, head=HEAD)

    @pytest.mark.parametrize("size", [0, 5, CHUNK, 2 * CHUNK + 7])
    def test_every_cut_at_a_chunk_is_refused(self, size):
        sealed = seal(os.urandom(size), key=KEY, head=HEAD)
        for end in (0, len(HEAD), len(HEAD) + CHUNK + TAG, len(sealed) - 1):
            if end < len(sealed):
                with pytest.raises(MacMismatch):
                    open_sealed(sealed[:end], key=KEY, head=HEAD)

    def test_an_extension_is_refused(self):
        sealed = seal(b"data", key=KEY, head=HEAD)
        with pytest.raises(MacMismatch):
            open_sealed(sealed + sealed[len(HEAD) :], key=KEY, head=HEAD)

    def test_swapped_chunks_are_refused(self):
        sealed = seal(os.urandom(2 * CHUNK), key=KEY, head=HEAD)
        body, size = sealed[len(HEAD) :], CHUNK + TAG
        with pytest.raises(MacMismatch):
            open_sealed(HEAD + body[size:] + body[:size], key=KEY, head=HEAD)

    def test_another_key_or_head_is_refused(self):
        sealed = seal(b"data", key=KEY, head=HEAD)
        with pytest.raises(MacMismatch):
            open_sealed(sealed, key=bytes(32), head=HEAD)
        with pytest.raises(MacMismatch):
            open_sealed(sealed, key=KEY, head=HEAD[:-1] + b"\x01")
