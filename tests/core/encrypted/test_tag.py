import hmac

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.encrypted import tag
from shield_core.errors import MacMismatch

KEY = bytes(range(32))


def samples(data):
    return np.frombuffer(data, np.uint8)


class TestTag:
    @given(st.lists(st.integers(0, 5000), max_size=5))
    def test_covered_piece_by_piece_it_is_the_same(self, stops):
        data, told = np.random.default_rng(0).integers(0, 256, (5000 // 4, 4), np.uint8), []
        mac = tag.Tag(KEY, b"header", data)
        for stop in stops:
            mac.cover(stop, progress=told.append)
        assert mac.finish(progress=told.append) == tag.compute(KEY, b"header", data)
        assert sum(told) == data.size

    def test_ahead_leaves_a_part_for_later(self):
        data = np.random.default_rng(0).integers(0, 256, (1000, 3), np.uint8)
        mac = tag.Tag(KEY, b"header", data)
        settled = tag.ahead(mac, data)
        for places, covered in ((0, 0), (10, 30), (5, 30), (499, 1497), (1000, 1500)):
            settled(places)
            assert mac.covered == covered
        assert mac.finish() == tag.compute(KEY, b"header", data)


class TestRfc4231:
    @pytest.mark.parametrize(
        ("key", "data", "expected"),
        [
            (b"\x0b" * 20, b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (b"\xaa" * 20, b"\xdd" * 50, "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"),
            (bytes(range(1, 26)), b"\xcd" * 50, "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"),
            (
                b"\xaa" * 131,
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ],
        ids=["1", "2", "3", "4", "6"],
    )
    def test_mac_below_the_frame(self, key, data, expected):
        """RFC 4231, section 4: the HMAC that the tag is made with."""
        assert hmac.digest(key, data, "sha256").hex() == expected


class TestCompute:
    @given(st.binary(max_size=80), st.binary(max_size=200))
    def test_is_the_mac_of_the_framed_parts(self, header, data):
        """docs/reference/format.md, Encryption, step 4, in one piece."""
        message = len(header).to_bytes(4, "big") + header + len(data).to_bytes(8, "big") + data
        assert tag.compute(KEY, header, samples(data)) == hmac.digest(KEY, message, "sha256")

    def test_moving_the_border_changes_it(self):
        assert tag.compute(KEY, b"ab", samples(b"cd")) != tag.compute(KEY, b"abc", samples(b"d"))

    def test_steps_do_not_show(self):
        data = np.random.default_rng(0).integers(0, 256, (1 << 20, 3), dtype=np.uint8)
        told = []
        made = tag.compute(KEY, b"h", data, progress=told.append)
        message = b"\0\0\0\1h" + data.size.to_bytes(8, "big") + data.tobytes()
        assert made == hmac.digest(KEY, message, "sha256")
        assert told == [1 << 20] * 3


class TestVerify:
    def test_accepts_its_own(self):
        tag.verify(KEY, b"h", samples(b"data"), tag.compute(KEY, b"h", samples(b"data")))

    @pytest.mark.parametrize("bit", range(256))
    def test_every_bit_of_the_tag_counts(self, bit):
        made = int.from_bytes(tag.compute(KEY, b"h", samples(b"data")), "big") ^ (1 << bit)
        with pytest.raises(MacMismatch):
            tag.verify(KEY, b"h", samples(b"data"), made.to_bytes(32, "big"))
