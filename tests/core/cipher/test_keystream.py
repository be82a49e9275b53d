import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.cipher import keystream
from shield_core.cipher.keystream import STEP, Lane, apply
from shield_core.progress import nothing

KEY = bytes(range(32))


def stream(size, **start):
    """Return keystream bytes from the package's internal function, in one piece."""
    return xored(np.zeros(size, np.uint8), **start)


def xored(flat, *, key, nonce, block):
    keystream.xor(
        flat,
        lambda at: keystream.start(key, nonce, block=block + at // keystream.BLOCK),
        measured=None,
        threads=1,
        progress=nothing,
    )
    return flat.tobytes()


class TestRfc8439:
    def test_block_function(self):
        """RFC 8439, section 2.3.2."""
        block = stream(64, key=KEY, nonce=bytes.fromhex("000000090000004a00000000"), block=1)
        assert block == bytes.fromhex(
            "10f1e7e4d13b5915500fdd1fa32071c4c7d1f4c733c068030422aa9ac3d46c4e"
            "d2826446079faa0914c2d705d98b02a2b5129cd1de164eb9cbd083e8a2503c4e"
        )

    def test_encryption(self):
        """RFC 8439, section 2.4.2."""
        text = (
            b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen "
            b"would be it."
        )
        flat = np.frombuffer(text, np.uint8).copy()
        nonce = bytes.fromhex("000000000000004a00000000")
        assert xored(flat, key=KEY, nonce=nonce, block=1) == bytes.fromhex(
            "6e2e359a2568f98041ba0728dd0d6981e97e7aec1d4360c20a27afccfd9fae0b"
            "f91b65c5524733ab8f593dabcd62b3571639d624e65152ab8f530c359f0861d8"
            "07ca0dbf500d6a6156a38e088a22b65e52bc514d16ccf806818ce91ab7793736"
            "5af90bbf74a35be6b40b8eedf2785e42874d"
        )

    @pytest.mark.parametrize(
        ("key", "nonce", "block", "expected"),
        [
            (bytes(32), bytes(12), 0, "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"),
            (bytes(32), bytes(12), 1, "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"),
            (bytes(31) + b"\x01", bytes(12), 1, "3aeb5224ecf849929b9d828db1ced4dd832025e8018b8160b82284f3c949aa5a"),
            (b"\x00\xff" + bytes(30), bytes(12), 2, "72d54dfbf12ec44b362692df94137f328fea8da73990265ec1bbbea1ae9af0ca"),
            (bytes(32), bytes(11) + b"\x02", 0, "c2c64d378cd536374ae204b9ef933fcd1a8b2288b3dfa49672ab765b54ee27c7"),
        ],
        ids=["1", "2", "3", "4", "5"],
    )
    def test_appendix_a1(self, key, nonce, block, expected):
        """RFC 8439, appendix A.1: the first half of each block."""
        assert stream(32, key=key, nonce=nonce, block=block).hex() == expected


class TestApply:
    def test_uses_a_zero_nonce_and_counts_from_zero(self):
        """RFC 8439, appendix A.1, vectors 1 and 2, are the beginning of the stream of the zero key."""
        buffer = np.zeros(96, np.uint8)
        apply(buffer, bytes(32))
        assert buffer[:32].tobytes().hex() == "76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
        assert buffer[64:].tobytes().hex() == "9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed"

    @given(st.binary(max_size=300), st.binary(min_size=32, max_size=32))
    def test_twice_is_nothing(self, data, key):
        buffer = np.frombuffer(data, np.uint8).copy()
        apply(buffer, key)
        apply(buffer, key)
        assert buffer.tobytes() == data

    @pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, STEP + 1, 3 * STEP + 17])
    def test_steps_and_threads_do_not_show(self, size):
        one, two = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
        apply(one, KEY)
        apply(two, KEY, threads=2)
        assert one.tobytes() == two.tobytes() == stream(size, key=KEY, nonce=bytes(12), block=0)

    def test_reports_every_mebibyte(self):
        told = []
        apply(np.zeros((STEP + 5, 3), np.uint8), KEY, progress=told.append)
        assert told == [STEP, STEP, STEP, 15]

    def test_read_only_buffer_is_refused(self):
        with pytest.raises(ValueError, match="writable"):
            apply(np.frombuffer(b"abc", np.uint8), KEY)

    def test_scattered_buffer_is_refused(self):
        with pytest.raises(ValueError, match="contiguous"):
            apply(np.zeros(10, np.uint8)[::2], KEY)

    def test_short_key_is_refused(self):
        with pytest.raises(ValueError, match="key"):
            apply(np.zeros(10, np.uint8), KEY[:31])


class TestLane:
    def test_nonce_is_the_number_of_the_lane(self):
        filled = np.empty(100, np.uint8)
        Lane(KEY, 258).fill(filled)
        assert filled.tobytes() == stream(100, key=KEY, nonce=b"\0\0\1\2" + bytes(8), block=0)

    def test_goes_on_where_it_stopped(self):
        whole, first, second = (np.empty(size, np.uint8) for size in (150, 70, 80))
        Lane(KEY, 1).fill(whole)
        lane = Lane(KEY, 1)
        lane.fill(first)
        lane.fill(second)
        assert whole.tobytes() == first.tobytes() + second.tobytes()

    def test_begins_at_a_block(self):
        whole, tail = np.empty(192, np.uint8), np.empty(64, np.uint8)
        Lane(KEY, 1).fill(whole)
        Lane(KEY, 1, block=2).fill(tail)
        assert whole[128:].tobytes() == tail.tobytes()

    def test_a_step_too_long_is_refused(self):
        with pytest.raises(ValueError, match="1 MiB"):
            Lane(KEY, 1).fill(np.empty(STEP + 1, np.uint8))
