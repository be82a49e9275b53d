import os

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from shield_core.encrypted.chunks import (
    CHUNK,
    TAG,
    Reader,
    Sealer,
    frame_of,
    open_part,
    open_sealed,
    seal,
    seal_in_place,
    sealed_size,
)
from shield_core.errors import MacMismatch

KEY = bytes(range(32))
HEAD = b"QSBL\x01" + bytes(16)
DATA = np.random.default_rng(3).bytes(3 * CHUNK + 9)
SEALED = seal(DATA, key=KEY, head=HEAD)
SIZE = len(DATA)


class TestSeal:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
    def test_every_size_opens_again(self, size):
        data = os.urandom(size)
        assert open_sealed(seal(data, key=KEY, head=HEAD), key=KEY, head=HEAD) == data

    def test_only_the_head_is_plaintext(self):
        sealed = seal(b"canary" * 100, key=KEY, head=HEAD)
        assert sealed.startswith(HEAD)
        assert b"canary" not in sealed

    def test_equal_chunks_do_not_look_equal(self):
        sealed = seal(bytes(2 * CHUNK), key=KEY, head=HEAD)
        first = sealed[len(HEAD) : len(HEAD) + CHUNK]
        assert sealed[len(HEAD) + CHUNK + TAG : len(HEAD) + 2 * CHUNK + TAG] != first


class TestSealer:
    @pytest.mark.parametrize(
        "sizes",
        [[], [0], [0, 0, 5], [1, CHUNK - 1], [CHUNK], [CHUNK, 1], [3 * CHUNK], [7, 0, 2 * CHUNK, 3]],
    )
    def test_pieces_are_sealed_as_the_whole(self, sizes):
        sealer, stops = Sealer(key=KEY, head=HEAD), np.cumsum([0, *sizes])
        pieces = [DATA[stop - size : stop] for size, stop in zip(sizes, stops[1:], strict=True)]
        sealed = b"".join([*map(sealer.seal, pieces), sealer.end()])
        assert sealed == seal(DATA[: stops[-1]], key=KEY, head=HEAD)
        assert sealer.size == stops[-1]

    def test_keeps_no_more_than_a_chunk(self):
        sealer = Sealer(key=KEY, head=HEAD)
        assert len(sealer.seal(DATA)) == len(HEAD) + 3 * (CHUNK + TAG)


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


class TestSealInPlace:
    @pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 5 * CHUNK + 3])
    @pytest.mark.parametrize("more", [0, 100])
    def test_gives_what_the_frame_says(self, size, more):
        """Compared with the AES-GCM of `cryptography`, chunk by chunk (docs/reference/format.md, Material)."""
        data = os.urandom(size)
        memory = np.full(sealed_size(size) + more, 7, np.uint8)
        memory[:size] = np.frombuffer(data, np.uint8)
        pieces = [data[at : at + CHUNK] for at in range(0, size, CHUNK)] or [b""]
        nonces = [bytes(7) + i.to_bytes(4, "big") + bytes([i == len(pieces) - 1]) for i in range(len(pieces))]
        expected = HEAD + b"".join(
            AESGCM(KEY).encrypt(nonce, piece, HEAD) for nonce, piece in zip(nonces, pieces, strict=True)
        )
        sealed = seal_in_place(memory, size, key=KEY, head=HEAD)
        assert bytes(sealed) == expected == seal(data, key=KEY, head=HEAD)
        assert not memory[len(sealed) :].any()

    def test_reports_all_bytes(self):
        told = []
        memory = np.zeros(3 * CHUNK, np.uint8)
        seal_in_place(memory, 2 * CHUNK + 5, key=KEY, head=HEAD, progress=told.append)
        assert sum(told) == 2 * CHUNK + 5


class TestReader:
    @given(st.integers(0, 3 * CHUNK), st.integers(0, 3 * CHUNK))
    def test_any_part_is_read(self, one, other):
        at, end = sorted((one, other))
        reader = Reader(SEALED, key=KEY, head=HEAD)
        assert b"".join(piece.tobytes() for piece in reader.pieces(at, end - at)) == DATA[at:end]

    def test_knows_the_size_of_the_secret(self):
        assert Reader(SEALED, key=KEY, head=HEAD).size == len(DATA)

    def test_a_change_is_refused_where_it_is_read(self):
        changed = bytearray(SEALED)
        changed[-1] ^= 1
        reader = Reader(changed, key=KEY, head=HEAD)
        assert sum(piece.size for piece in reader.pieces(0, CHUNK)) == CHUNK
        with pytest.raises(MacMismatch):
            list(reader.pieces(2 * CHUNK, CHUNK + 1))

    @pytest.mark.parametrize("cut", [1, 100, CHUNK, CHUNK + TAG, 3 * CHUNK])
    def test_a_cut_is_refused(self, cut):
        with pytest.raises(MacMismatch):
            read_all(SEALED[:-cut])

    @pytest.mark.parametrize("size", [0, 3])
    def test_an_empty_final_chunk_behind_others_is_refused(self, size):
        """No writer writes it, although it would authenticate; nor a chunk that is shorter than its tag."""
        full = AESGCM(KEY).encrypt(bytes(12), bytes(CHUNK), HEAD)
        last = AESGCM(KEY).encrypt(bytes(10) + b"\x01\x01", b"", HEAD)
        with pytest.raises(MacMismatch):
            Reader(HEAD + full + last[size:], key=KEY, head=HEAD)

    def test_wipes_its_memory(self):
        [piece] = list(Reader(seal(b"data", key=KEY, head=HEAD), key=KEY, head=HEAD).pieces(0, 4))
        assert not piece.any()


def read_all(sealed):
    reader = Reader(sealed, key=KEY, head=HEAD)
    return list(reader.pieces(0, reader.size))


class TestPart:
    def part(self, start, stop, *, sealed=SEALED, key=KEY, head=HEAD, size=SIZE):
        begin, end = frame_of(size, start, stop)
        return open_part(sealed[begin:end], size=size, start=start, stop=stop, key=key, head=head)

    @given(st.data())
    def test_any_part_opens(self, data):
        start = data.draw(st.integers(0, len(DATA) - 1))
        stop = data.draw(st.integers(start + 1, len(DATA)))
        assert self.part(start, stop) == DATA[start:stop]

    def test_no_more_is_read_than_its_chunks(self):
        begin, end = frame_of(len(DATA), CHUNK + 1, CHUNK + 2)
        assert end - begin == CHUNK + TAG
        assert frame_of(len(DATA), 0, len(DATA)) == (len(HEAD), len(SEALED))

    @pytest.mark.parametrize(
        "change",
        [{"key": bytes(32)}, {"head": b"QSBL\x01" + bytes(15) + b"\x01"}, {"size": len(DATA) - CHUNK}],
        ids=["key", "head", "size"],
    )
    def test_another_value_is_refused(self, change):
        with pytest.raises(MacMismatch):
            self.part(2 * CHUNK, 2 * CHUNK + 9, **change)

    def test_a_flipped_bit_is_refused(self):
        sealed = bytearray(SEALED)
        sealed[len(HEAD) + CHUNK + TAG + 5] ^= 1
        assert self.part(0, 9, sealed=sealed) == DATA[:9]
        with pytest.raises(MacMismatch):
            self.part(CHUNK, CHUNK + 1, sealed=sealed)

    @pytest.mark.parametrize("cut", [1, TAG, CHUNK])
    def test_a_cut_is_refused(self, cut):
        with pytest.raises(MacMismatch):
            self.part(0, len(DATA), sealed=SEALED[:-cut])
