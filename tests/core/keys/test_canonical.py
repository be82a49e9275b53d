import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.keys.canonical import (
    MAX_INTEGER,
    NotCanonical,
    b64decode,
    b64encode,
    dumps,
    dumps_indented,
    loads,
    loads_indented,
)

KEYS = st.from_regex(r"[a-z0-9_]{1,8}", fullmatch=True)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
LEAVES = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | TEXT
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4))


def nested(depth):
    value = 0
    for _ in range(depth):
        value = [value]
    return value


class TestDumps:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
            ({"a": {}, "b": [], "c": ""}, '{"a":{},"b":[],"c":""}'),
            ((1, -2), "[1,-2]"),
            # RFC 8785, section 3.2.2.2: what must be escaped, how, and nothing else
            ('\u20ac$\u000f\nA\'B"\\\\"/', '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),
            ("\b\t\n\f\r\x7f\u2028", '"\\b\\t\\n\\f\\r\x7f\u2028"'),
            (MAX_INTEGER, "9007199254740991"),
            (-MAX_INTEGER, "-9007199254740991"),
        ],
    )
    def test_writes_the_one_form(self, value, text):
        assert dumps(value) == text.encode()

    def test_orders_keys_of_every_level(self):
        assert dumps({"b": {"z": 1, "y": 2}, "_": 0, "a1": 0, "a": 0}) == b'{"_":0,"a":0,"a1":0,"b":{"y":2,"z":1}}'

    def test_lone_surrogates_become_the_replacement_character(self):
        assert dumps("a\ud800b\udfff") == '"a\ufffdb\ufffd"'.encode()

    @pytest.mark.parametrize(
        "value",
        [0.5, 1.0, float("nan"), MAX_INTEGER + 1, -MAX_INTEGER - 1, b"bytes", {1}, {"A": 1}, {"": 1}, {"ä": 1}, {1: 1}],
    )
    def test_refuses_what_has_no_form(self, value):
        with pytest.raises(NotCanonical):
            dumps({"value": value})

    def test_sixteen_levels_and_no_more(self):
        assert dumps(nested(16)) == b"[" * 16 + b"0" + b"]" * 16
        with pytest.raises(NotCanonical):
            dumps(nested(17))

    @pytest.mark.slow
    @settings(deadline=None)
    @given(VALUES)
    def test_is_the_expression_of_the_specification(self, value):
        expected = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        assert dumps(value) == expected.encode()


class TestLoads:
    @pytest.mark.slow
    @settings(deadline=None)
    @given(VALUES)
    def test_reads_what_was_written(self, value):
        assert loads(dumps(value)) == value
        assert loads_indented(dumps_indented(value)) == value

    @pytest.mark.slow
    @settings(deadline=None)
    @given(VALUES, st.data())
    def test_no_changed_byte_reads_as_the_same_value(self, value, data):
        encoded = bytearray(dumps(value))
        at = data.draw(st.integers(0, len(encoded) - 1))
        encoded[at] ^= data.draw(st.integers(1, 255))
        try:
            changed = loads(bytes(encoded))
        except NotCanonical:
            return
        assert dumps(changed) == bytes(encoded) != dumps(value)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " 1",
            "1 ",
            "01",
            "-0",
            "1.0",
            "1e3",
            "NaN",
            "Infinity",
            "-Infinity",
            "9007199254740992",
            "9" * 5000,
            '{"b":1,"a":2}',
            '{"a":1,"a":1}',
            '{"A":1}',
            '{"a": 1}',
            '"\\u0041"',
            '"\\/"',
            '"\\ud800"',
            '"\\u000A"',
            "'a'",
            "[1,]",
            "[" * 100_000,
            '{"a":' * 100_000,
            "[" * 17 + "]" * 17,
            "\ufeff1",
        ],
    )
    def test_refuses_every_other_form(self, text):
        with pytest.raises(NotCanonical):
            loads(text.encode())

    def test_refuses_bytes_that_are_not_utf_8(self):
        with pytest.raises(NotCanonical):
            loads(b'"\xff"')

    def test_each_form_refuses_the_other(self):
        value = {"a": [1, {"b": 2}]}
        with pytest.raises(NotCanonical):
            loads(dumps_indented(value))
        with pytest.raises(NotCanonical):
            loads_indented(dumps(value))

    def test_the_error_does_not_show_the_document(self):
        """A key file may hold a plaintext key; the parser's own error contains all of it."""
        with pytest.raises(NotCanonical) as caught:
            loads(b'{"file_key_b64":"c2VjcmV0')
        assert "c2VjcmV0" not in str(caught.value)
        assert caught.value.__suppress_context__


class TestIndented:
    def test_indented_form_has_two_spaces_and_line_feed(self):
        assert dumps_indented({"b": [], "a": [{"c": 1}]}) == (
            b'{\n  "a": [\n    {\n      "c": 1\n    }\n  ],\n  "b": []\n}\n'
        )


class TestBase64:
    @settings(deadline=None)
    @given(st.binary(max_size=100))
    def test_round_trip(self, data):
        assert b64decode(b64encode(data)) == data

    @pytest.mark.parametrize(
        ("data", "text"),
        [
            (b"", ""),
            (b"f", "Zg=="),
            (b"fo", "Zm8="),
            (b"foo", "Zm9v"),
            (b"foob", "Zm9vYg=="),
            (b"fooba", "Zm9vYmE="),
            (b"foobar", "Zm9vYmFy"),
        ],
    )
    def test_vectors_of_rfc_4648_section_10(self, data, text):
        assert b64encode(data) == text
        assert b64decode(text) == data

    @pytest.mark.parametrize(
        "text", ["Zh==", "Zg=", "Zg", "Zg==\n", " Zg==", "Zg===", "Zm9_", "Zg==Zg==", "é", None, 1]
    )
    def test_refuses_what_is_not_canonical(self, text):
        with pytest.raises(NotCanonical):
            b64decode(text)
