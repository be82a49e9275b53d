"""`Range`, `If-Range`, `If-Match` and `If-None-Match`, compared with a second implementation of RFC 9110."""

import string

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from api.errors import PreconditionFailed, RangeNotSatisfiable
from api.requests.ranges import Part, demand_match, is_known, read_range

TAG = "0123456789abcdef"
WHOLE, NOTHING = "whole", "nothing"


def headers(*pairs):
    return Headers(raw=[(name.encode(), value.encode("latin-1")) for name, value in pairs])


def read(value, size, *more):
    try:
        part = read_range(headers(("range", value), *more), etag=TAG, size=size)
    except RangeNotSatisfiable as error:
        return NOTHING if error.size == size else error
    return WHOLE if part is None else (part.start, part.stop)


def reference(value, size):
    """Read a range character by character, after RFC 9110, sections 14.1.1 and 14.1.2."""
    unit, equals, rest = value.strip().partition("=")
    specs = [spec.strip(" \t") for spec in rest.split(",")]
    specs = [spec for spec in specs if spec]
    if unit.lower() != "bytes" or not equals or len(specs) != 1 or specs[0].count("-") != 1:
        return WHOLE
    first, last = specs[0].split("-")
    if not all(character in string.digits for character in first + last) or not first + last:
        return WHOLE
    if not first:
        start, stop = max(0, size - int(last)), size
    elif last and int(first) > int(last):
        return WHOLE
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
    return (start, stop) if start < stop else NOTHING


NUMBERS = st.integers(0, 40).map(str) | st.sampled_from(
    ["", "00", "007", "9" * 30, "0" * 40 + "3", "18446744073709551616"]
)
SPECS = st.tuples(NUMBERS, st.sampled_from(["-", "--", " - ", ""]), NUMBERS).map("".join) | st.text(
    " -0123456789,", max_size=6
)
VALUES = st.tuples(
    st.sampled_from(["bytes=", "Bytes=", "bytes =", "bytes", "items=", "=", ""]),
    st.lists(SPECS, max_size=3).map(",".join) | st.lists(SPECS, max_size=3).map(" , ".join),
).map("".join)


class TestRange:
    @given(value=VALUES | st.text(st.characters(codec="latin-1"), max_size=20), size=st.integers(0, 30))
    @example(value="bytes=-0", size=5)
    @example(value="bytes=0-0,1-1", size=5)
    @example(value="bytes=2-1", size=5)
    @example(value="bytes=-", size=5)
    @example(value="bytes=0-0,", size=5)
    @example(value="bytes=٣-٤", size=5)
    @settings(max_examples=300)
    def test_means_what_the_standard_says(self, value, size):
        value = value.encode("latin-1", "replace").decode("latin-1")
        assert read(value, size) == reference(value, size)

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("bytes=0-", (0, 10)),
            ("bytes=0-0", (0, 1)),
            ("bytes=9-", (9, 10)),
            ("bytes=10-", NOTHING),
            ("bytes=" + "9" * 5000 + "-", NOTHING),
            ("bytes=" + "9" * 5000 + "-" + "9" * 6000, NOTHING),
            ("bytes=-3", (7, 10)),
            ("bytes=-300", (0, 10)),
            ("bytes=-0", NOTHING),
            ("bytes=3-99999999999999999999999999", (3, 10)),
            ("bytes=5-4", WHOLE),
            ("bytes=0-1,3-4", WHOLE),
            ("bytes=-1-2", WHOLE),
            ("bytes=0x1-2", WHOLE),
            ("bytes=+1-2", WHOLE),
            ("bytes=1_0-", WHOLE),
            ("lines=1-2", WHOLE),
        ],
    )
    def test_in_examples(self, value, expected):
        assert read(value, 10) == expected

    def test_repeated_header_is_ignored(self):
        assert read("bytes=0-1", 10, ("range", "bytes=0-1")) == WHOLE

    @pytest.mark.parametrize(
        ("condition", "expected"),
        [
            (f'"{TAG}"', (0, 2)),
            (f'W/"{TAG}"', WHOLE),
            ('"other"', WHOLE),
            (TAG, WHOLE),
            ("Sat, 28 Nov 2026 19:00:00 GMT", WHOLE),
            ("", WHOLE),
        ],
    )
    def test_counts_for_the_same_bytes_only(self, condition, expected):
        assert read("bytes=0-1", 10, ("if-range", condition)) == expected

    def test_describes_itself(self):
        assert Part(2, 5, 10).content_range == "bytes 2-4/10"
        assert not Part(2, 5, 10).whole
        assert Part(0, 10, 10).whole


class TestIfNoneMatch:
    @pytest.mark.parametrize(
        ("values", "known"),
        [
            ([], False),
            ([f'"{TAG}"'], True),
            ([f'W/"{TAG}"'], True),
            ([f'"a", "{TAG}"'], True),
            (['"a"', f'"{TAG}"'], True),
            (["*"], True),
            ([TAG], False),
            ([f'"{TAG}'], False),
            ([f'"a{TAG}"'], False),
            (['"*"'], False),
            ([""], False),
        ],
    )
    def test_is_known(self, values, known):
        assert is_known(headers(*(("if-none-match", value) for value in values)), TAG) == known

    @given(st.text(st.characters(codec="latin-1", exclude_characters="*"), max_size=30))
    def test_other_text_is_not_known(self, value):
        assert not is_known(headers(("if-none-match", value)), TAG)


class TestIfMatch:
    @pytest.mark.parametrize(
        "values",
        [[], [f'"{TAG}"'], [f'"a", "{TAG}"'], ['"a"', f'"{TAG}"'], [f'W/"a" ,"{TAG}"'], ["*"], [" * "]],
    )
    def test_is_met(self, values):
        demand_match(headers(*(("if-match", value) for value in values)), TAG)

    @pytest.mark.parametrize(
        "values",
        [['"a"'], [f'W/"{TAG}"'], [f'"a", W/"{TAG}"'], [TAG], [f'"{TAG}'], [f'"a{TAG}"'], ['"*"'], [""], ["W/*"]],
    )
    def test_is_not_met(self, values):
        with pytest.raises(PreconditionFailed):
            demand_match(headers(*(("if-match", value) for value in values)), TAG)
