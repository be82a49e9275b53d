import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backplane.services.identity import api_key_format
from backplane.services.identity.api_key_format import DIGITS, PATTERN, is_api_key, new_api_key, sealed, shown_part

EXAMPLE = "qis_live_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg3Hym5w"
"""Of docs/guides/api-keys.md; its checksum was computed apart from this code."""

BODIES = st.builds(
    lambda kind, digits: f"qis_{kind}_{digits}",
    st.sampled_from(["live", "test"]),
    st.text(DIGITS, min_size=43, max_size=43),
)


class TestChecksum:
    def test_documented_example(self):
        assert is_api_key(EXAMPLE)
        assert sealed(EXAMPLE[:-6]) == EXAMPLE

    @pytest.mark.parametrize("text", [EXAMPLE[:-1] + "x", EXAMPLE.replace("live", "test"), EXAMPLE.lower()])
    def test_documented_example_changed(self, text):
        assert not is_api_key(text)

    @given(BODIES)
    def test_every_sealed_body_passes(self, body):
        key = sealed(body)
        assert len(key) == 58
        assert is_api_key(key)
        assert re.fullmatch(PATTERN, key)

    @given(BODIES, st.data())
    def test_every_changed_digit_is_noticed(self, body, data):
        """CRC-32 finds every change within 32 bits."""
        key = sealed(body)
        at = data.draw(st.integers(9, len(key) - 1))
        digit = data.draw(st.sampled_from(DIGITS.replace(key[at], "")))
        assert not is_api_key(key[:at] + digit + key[at + 1 :])

    @given(BODIES, st.integers(9, 56))
    def test_swapped_neighbors_are_noticed(self, body, at):
        key = sealed(body)
        swapped = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
        assert swapped == key or not is_api_key(swapped)

    def test_small_checksums_are_padded(self, monkeypatch):
        monkeypatch.setattr(api_key_format.zlib, "crc32", lambda _: 61)
        assert sealed("x") == "x00000z"

    def test_largest_checksum_fits(self, monkeypatch):
        monkeypatch.setattr(api_key_format.zlib, "crc32", lambda _: 2**32 - 1)
        assert sealed("x") == "x4gfFC3"


class TestForm:
    @given(st.text(max_size=80))
    @example(EXAMPLE + "\n")
    @example(" " + EXAMPLE)
    @example(EXAMPLE[:-1] + "\u0666")
    @example(EXAMPLE.replace("3", "\uff13"))
    @example("")
    def test_other_texts_are_none(self, text):
        assert not is_api_key(text)

    def test_new_keys_are_keys(self):
        made = {new_api_key(kind) for kind in ("live", "test") for _ in range(50)}
        assert len(made) == 100
        assert all(map(is_api_key, made))

    def test_digits_are_used_evenly(self):
        """62 digits, 43,000 draws: chi-square with 61 degrees stays under its 1 - 1e-9 quantile, 150."""
        drawn = "".join(new_api_key("live")[9:52] for _ in range(1000))
        expected = len(drawn) / len(DIGITS)
        assert sum((drawn.count(digit) - expected) ** 2 / expected for digit in DIGITS) < 150

    def test_four_digits_are_shown(self):
        assert shown_part(EXAMPLE) == "qis_live_0123"


class TestDocumentation:
    """What docs/guides/api-keys.md tells the makers of scanners."""

    PAGE = (Path(__file__).parents[2] / "docs/guides/api-keys.md").read_text()

    def test_expression_is_ours(self):
        assert f"```text\n{PATTERN}\n```" in self.PAGE

    def test_examples_are_as_it_says(self):
        found = re.findall(rf"`({PATTERN})`", self.PAGE)
        assert [is_api_key(text) for text in found] == [True, False]
