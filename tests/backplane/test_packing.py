"""The streaming zip writer: a zip is valid only after its end."""

import io
import json
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backplane import ids
from backplane.errors import Unavailable
from backplane.services.batches.packing import ZipStream
from backplane.services.batches.results import stems
from backplane.services.batches.views import ItemFacts

pytestmark = pytest.mark.anyio


async def pieces_of(*pieces):
    for piece in pieces:
        yield piece


async def packed(stream, name, *pieces, size=None):
    body = pieces_of(*pieces)
    size = sum(map(len, pieces)) if size is None else size
    return [piece async for piece in stream.add(name, body, size=size)]


def item(name, index=0):
    return ItemFacts(index=index, file_name=name, job_id=ids.new(), status="completed")


class TestZipStream:
    async def test_output_is_zip_of_input(self):
        stream = ZipStream()
        out = await packed(stream, "a.png", b"one", memoryview(b"two"))
        out += [stream.add_whole("m.json", json.dumps({}).encode()), stream.end()]
        with zipfile.ZipFile(io.BytesIO(b"".join(out))) as file:
            assert file.testzip() is None
            assert {name: file.read(name) for name in file.namelist()} == {"a.png": b"onetwo", "m.json": b"{}"}
            assert {info.compress_type for info in file.infolist()} == {zipfile.ZIP_STORED}

    async def test_piece_is_yielded_before_next_is_read(self):
        stream, asked = ZipStream(), 0

        async def body():
            nonlocal asked
            for _ in range(10):
                asked += 1
                yield bytes(1000)

        sizes = [(asked, len(piece)) async for piece in stream.add("a.png", body(), size=10_000)]
        assert [number for number, _ in sizes] == [*range(1, 11), 10]
        assert all(1000 <= size < 1100 for _, size in sizes[:10])

    @pytest.mark.parametrize("size", [2, 4])
    async def test_file_of_wrong_size_raises(self, size):
        stream = ZipStream()
        with pytest.raises(Unavailable):
            await packed(stream, "a.png", b"abc", size=size)

    async def test_without_its_end_it_is_no_zip(self):
        stream = ZipStream()
        out = b"".join(await packed(stream, "a.png", b"abc"))
        assert not zipfile.is_zipfile(io.BytesIO(out))
        assert zipfile.is_zipfile(io.BytesIO(out + stream.end()))


class TestStems:
    @pytest.mark.parametrize(
        ("name", "stem"),
        [
            ("scan.png", "scan"),
            ("scan.tar.gz", "scan.tar"),
            ("scan", "scan"),
            (None, "image-0"),
            ('a<b>:"|?*.png', "a_b______"),
            ("CON.png", "_CON"),
            ("com1.x.png", "_com1.x"),
            ("a. .png", "a"),
            ("Ünfall 3.jpg", "Ünfall 3"),
        ],
    )
    def test_stems_are_safe_on_every_system(self, name, stem):
        assert stems([item(name)]) == [stem]

    def test_are_never_alike_on_any_system(self):
        names = ["a.png", "A.jpg", "a-2.png", "a.png", "Ü.png", "u\u0308.png".upper()]
        assert stems([item(name) for name in names]) == ["a", "A-2", "a-2-2", "a-3", "Ü", "Ü-2"]

    @given(st.lists(st.text(max_size=300), max_size=10))
    def test_whatever_they_were(self, names):
        made = stems([item(name, index) for index, name in enumerate(names)])
        assert len({stem.casefold() for stem in made}) == len(names)
        assert all(0 < len(stem.encode()) <= 230 for stem in made)
