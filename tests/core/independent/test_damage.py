"""Damaged images and key files, which both implementations refuse at the same step."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.encrypted.png import find
from tests.core.independent.test_refusals import by_document, by_product
from tests.independent.vector import make_key_file
from tests.vectors import reading
from tests.vectors.images import STATEMENT, Making, patched, picture
from tests.vectors.key_files import Locking, plain

MAKING = Making("damage", picture("RGB"))
IMAGE = MAKING.image()
KEY_FILE = make_key_file(IMAGE, MAKING.file_key, STATEMENT)
SUCCESS = reading.read(reading.HERE / "images" / "success_pixels_rgb.vector")
LINES = KEY_FILE.decode().split("\n")
FIELDS = ["created", "format", "key_id", "nonce_b64", "purity", "stanzas", "statement_sha256", "version"]
OWN = len(find(IMAGE))

bits = st.integers(0, 7).map(lambda bit: 1 << bit)
places = st.integers(0, 10**6)


def flipped(data, at, bit):
    changed = bytearray(data)
    changed[at % len(data)] ^= bit
    return bytes(changed)


def assert_refused_alike(image, key_file):
    mine, other = by_product(image, key_file), by_document(image, key_file)
    assert isinstance(mine, str)
    assert mine == other


class TestImage:
    @pytest.mark.slow
    @settings(max_examples=150, deadline=None)
    @given(places, bits)
    def test_with_a_bit_flipped_is_refused_alike(self, at, bit):
        assert_refused_alike(flipped(IMAGE, at, bit), KEY_FILE)

    @settings(max_examples=60, deadline=None)
    @given(st.integers(1, len(IMAGE) - 1))
    def test_cut_is_refused_alike(self, length):
        assert_refused_alike(IMAGE[:length], KEY_FILE)

    @pytest.mark.slow
    @settings(max_examples=150, deadline=None)
    @given(st.integers(0, OWN - 1), st.binary(min_size=1, max_size=4))
    def test_changed_header_with_valid_checksum_is_refused_alike(self, at, value):
        image = patched(IMAGE, at, value[: OWN - at])
        if image != IMAGE:
            assert_refused_alike(image, KEY_FILE)


class TestKeyFile:
    @pytest.mark.slow
    @settings(max_examples=300, deadline=None)
    @given(places, bits)
    def test_with_a_bit_flipped_is_refused_alike(self, at, bit):
        assert_refused_alike(IMAGE, flipped(KEY_FILE, at, bit))

    @settings(max_examples=60, deadline=None)
    @given(st.permutations(LINES))
    def test_with_lines_in_another_order_is_refused_alike(self, lines):
        if lines != LINES:
            assert_refused_alike(IMAGE, "\n".join(lines).encode())

    @pytest.mark.slow
    @settings(max_examples=100, deadline=None)
    @given(
        st.sampled_from(FIELDS),
        st.none() | st.booleans() | st.integers(-1, 2) | st.text(max_size=4) | st.lists(st.integers(), max_size=1)
        | st.sampled_from(["fast", "maximum", "2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "0" * 64, "A" * 32]),
    )  # fmt: skip
    def test_other_values_with_valid_mac_judged_alike(self, key, value):
        locking = Locking(plain, image="success_pixels_rgb")
        locking.value[key] = value
        key_file = locking.data()
        mine, other = by_product(SUCCESS.image, key_file), by_document(SUCCESS.image, key_file)
        assert mine == other or (isinstance(mine, bytes) and isinstance(other, bytes))
