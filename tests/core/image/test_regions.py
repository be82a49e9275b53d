import json
import tracemalloc
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.errors import RegionInvalid
from shield_core.image.regions import (
    MAX_REGIONS,
    MAX_TEXT,
    Region,
    count_pixels,
    hash_pixels,
    normalize,
    parse_json,
    parse_option,
    put_pixels,
    take_pixels,
)

WIDTH, HEIGHT = 23, 17


@st.composite
def regions(draw, most=12):
    """Draw rectangles of the picture, which may overlap but are distinct."""

    def one():
        x, y = draw(st.integers(0, WIDTH - 1)), draw(st.integers(0, HEIGHT - 1))
        return Region(x, y, draw(st.integers(1, WIDTH - x)), draw(st.integers(1, HEIGHT - y)))

    return list(dict.fromkeys(one() for _ in range(draw(st.integers(1, most)))))


def covered(parts):
    """The oracle: the numbers of all pixels inside a rectangle, row by row, each once."""
    return [
        y * WIDTH + x
        for y in range(HEIGHT)
        for x in range(WIDTH)
        if any(r.x <= x < r.x + r.width and r.y <= y < r.y + r.height for r in parts)
    ]


def picture(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (WIDTH * HEIGHT, size), dtype=np.uint8)


class TestTheirPixels:
    @pytest.mark.slow
    @settings(max_examples=200, deadline=None)
    @given(regions(), st.integers(1, 4))
    def test_are_those_of_a_plain_loop(self, parts, size):
        samples, places = picture(size), covered(parts)
        taken = take_pixels(samples, parts, width=WIDTH)
        assert count_pixels(parts) == len(places) == len(taken)
        assert np.array_equal(taken, samples[places])
        assert taken.flags.c_contiguous
        assert taken.flags.owndata

    @pytest.mark.slow
    @settings(max_examples=200, deadline=None)
    @given(regions(), st.integers(1, 4))
    def test_pixels_return_only_to_their_places(self, parts, size):
        samples, others = picture(size), picture(size, seed=1)
        expected = samples.copy()
        expected[covered(parts)] = others[covered(parts)]
        put_pixels(samples, take_pixels(others, parts, width=WIDTH), parts, width=WIDTH)
        assert np.array_equal(samples, expected)

    @pytest.mark.slow
    @settings(max_examples=100, deadline=None)
    @given(regions(), st.integers(1, 4), st.sampled_from([1, 50, 1 << 20]))
    def test_digest_is_independent_of_step_size(self, parts, size, step):
        samples = picture(size)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("shield_core.image.regions._HASHED", step)
            assert hash_pixels(samples, parts, width=WIDTH) == sha256(samples[covered(parts)].tobytes()).hexdigest()

    def test_pixels_are_independent_of_region_order(self):
        parts = [Region(3, 2, 9, 9), Region(0, 0, 5, 5), Region(7, 7, 1, 10)]
        samples = picture(3)
        forth, back = (take_pixels(samples, some, width=WIDTH) for some in (parts, parts[::-1]))
        assert np.array_equal(forth, back)

    def test_no_regions_mean_the_whole_picture(self):
        samples, inside = picture(3), picture(3, seed=1)
        assert take_pixels(samples, (), width=WIDTH) is samples
        assert put_pixels(samples, inside, (), width=WIDTH) is inside
        assert hash_pixels(samples, (), width=WIDTH) == sha256(samples.tobytes()).hexdigest()

    def test_most_regions_take_no_extra_memory(self):
        """Every rectangle reaches from its own corner to the last pixel: a mask for each would add up."""
        parts = [Region(i, 63 - i, 2000 - i, 1937 + i) for i in range(MAX_REGIONS)]
        samples = np.zeros((2000 * 2000, 3), np.uint8)
        tracemalloc.start()
        taken = take_pixels(samples, parts, width=2000)
        hash_pixels(samples, parts, width=2000)
        put_pixels(samples, taken, parts, width=2000)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert taken.nbytes == 3 * count_pixels(parts) < samples.nbytes
        assert peak < taken.nbytes + 4_000_000


class TestNormalize:
    @given(regions())
    def test_regions_are_sorted_by_row_column_height_width(self, parts):
        made = normalize(parts, width=WIDTH, height=HEIGHT)
        assert [(r.y, r.x, r.height, r.width) for r in made] == sorted((r.y, r.x, r.height, r.width) for r in parts)

    def test_takes_the_whole_picture_and_its_last_pixel(self):
        whole, last = Region(0, 0, WIDTH, HEIGHT), Region(WIDTH - 1, HEIGHT - 1, 1, 1)
        assert normalize([last, whole], width=WIDTH, height=HEIGHT) == (whole, last)

    def test_takes_64_and_no_more(self):
        parts = [Region(x, y, 1, 1) for x in range(10) for y in range(10)]
        assert len(normalize(parts[:64], width=WIDTH, height=HEIGHT)) == 64
        with pytest.raises(RegionInvalid, match="more than 64"):
            normalize(iter(parts[:65]), width=WIDTH, height=HEIGHT)

    def test_refuses_none_at_all(self):
        with pytest.raises(RegionInvalid, match="no region"):
            normalize([], width=WIDTH, height=HEIGHT)

    @pytest.mark.parametrize(
        ("parts", "message"),
        [
            ([Region(0, 0, WIDTH + 1, 1)], "0,0,24,1 reaches outside the picture of 23 by 17"),
            ([Region(0, 0, 1, HEIGHT + 1)], "0,0,1,18 reaches outside the picture of 23 by 17"),
            ([Region(WIDTH, 0, 1, 1)], "23,0,1,1 reaches outside"),
            ([Region(0, HEIGHT, 1, 1)], "0,17,1,1 reaches outside"),
            ([Region(-1, 0, 2, 2)], "-1,0,2,2 reaches outside"),
            ([Region(0, -1, 2, 2)], "0,-1,2,2 reaches outside"),
            ([Region(10**400, 0, 2, 2)], "1000.*… reaches outside"),
            ([Region(0, 0, 0, 1)], "0,0,0,1 is empty"),
            ([Region(0, 0, 1, 0)], "0,0,1,0 is empty"),
            ([Region(0, 0, -3, 1)], "0,0,-3,1 is empty"),
            ([Region(1, 2, 3, 4), Region(0, 0, 1, 1), Region(1, 2, 3, 4)], "1,2,3,4 is given twice"),
            ([Region(0, 0, True, 1)], "whole numbers"),
            ([Region(False, 0, 1, 1)], "whole numbers"),
            ([Region(0.0, 0, 1, 1)], "whole numbers"),
            ([Region("0", 0, 1, 1)], "whole numbers"),
            ([Region(None, 0, 1, 1)], "whole numbers"),
        ],
    )
    def test_refuses_what_does_not_fit_and_names_it(self, parts, message):
        with pytest.raises(RegionInvalid, match=message):
            normalize(parts, width=WIDTH, height=HEIGHT)


class TestParseJson:
    @given(regions())
    def test_reads_what_to_json_writes(self, parts):
        text = json.dumps([region.to_json() for region in parts])
        assert parse_json(text) == parse_json(text.encode()) == tuple(parts)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "[",
            b"\xff",
            "null",
            "7",
            "{}",
            '{"x":0,"y":0,"width":1,"height":1}',
            "[]",
            "[7]",
            "[null]",
            "[[0,0,1,1]]",
            '["0,0,1,1"]',
            '[{"x":0,"y":0,"width":1}]',
            '[{"x":0,"y":0,"width":1,"height":1,"depth":1}]',
            '[{"x":0,"x":0,"y":0,"width":1,"height":1}]',
            '[{"x":0,"y":0,"w":1,"h":1}]',
            '[{"x":0.0,"y":0,"width":1,"height":1}]',
            '[{"x":1e2,"y":0,"width":1,"height":1}]',
            '[{"x":NaN,"y":0,"width":1,"height":1}]',
            '[{"x":true,"y":0,"width":1,"height":1}]',
            '[{"x":"0","y":0,"width":1,"height":1}]',
            '[{"x":null,"y":0,"width":1,"height":1}]',
            '[{"x":' + "9" * 5000 + ',"y":0,"width":1,"height":1}]',
            "[" * 10_000,
            "[" + '{"x":0,"y":0,"width":1,"height":1},' * 64 + '{"x":0,"y":0,"width":1,"height":1}]',
            "[" + " " * MAX_TEXT + "]",
        ],
    )
    def test_refuses_anything_else(self, text):
        with pytest.raises(RegionInvalid):
            parse_json(text)

    def test_refused_region_is_numbered_but_not_repeated(self):
        with pytest.raises(RegionInvalid, match="number 2 is no region") as caught:
            parse_json('[{"x":0,"y":0,"width":1,"height":1},{"x":0,"y":0,"canary":1}]')
        assert "canary" not in str(caught.value)

    @pytest.mark.slow
    @settings(max_examples=300, deadline=None)
    @given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists, max_leaves=8))
    def test_refuses_other_values_without_a_crash(self, value):
        with pytest.raises(RegionInvalid):
            parse_json(json.dumps(value))

    @pytest.mark.slow
    @settings(max_examples=300, deadline=None)
    @given(st.binary(max_size=60))
    def test_refuses_noise_without_a_crash(self, noise):
        with pytest.raises(RegionInvalid):
            parse_json(noise)


class TestParseOption:
    @given(regions(most=1))
    def test_reads_what_a_region_is_written_as(self, parts):
        assert parse_option(str(parts[0])) == parts[0]

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "1,2,3,-4",
            "+1,2,3,4",
            "1 ,2,3,4",
            "1,2,3,4\n",
            "1.0,2,3,4",
            "1e3,2,3,4",
            "1;2;3;4",
            "\u0663,2,3,4",
            "x,y,w,h",
            "1,2,3,1234567890",
            "9" * 5000 + ",1,1,1",
        ],
    )
    def test_refuses_anything_else(self, text):
        with pytest.raises(RegionInvalid, match="X,Y,W,H"):
            parse_option(text)
