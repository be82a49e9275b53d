import io

from hypothesis import given
from hypothesis import strategies as st

from shield_core.image.splice import merged, spliced

PIECES = st.lists(st.binary(max_size=40), max_size=8)


class TestSpliced:
    @given(PIECES, st.lists(st.tuples(st.integers(0, 300), st.integers(-1, 100)), max_size=8))
    def test_reads_like_the_joined_bytes(self, pieces, reads):
        ours, joined = spliced([memoryview(piece) for piece in pieces]), io.BytesIO(b"".join(pieces))
        for at, size in reads:
            assert ours.seek(at) == joined.seek(at)
            assert ours.read(size) == joined.read(size)
            assert ours.tell() == joined.tell()

    def test_knows_its_end(self):
        assert spliced([memoryview(b"ab"), memoryview(b"c")]).seek(-1, io.SEEK_END) == 2


class TestMerged:
    def test_joins_what_touches(self):
        view = memoryview(b"0123456789")
        assert [bytes(part) for part in merged(view, [(0, 2), (2, 4), (6, 7), (7, 9)])] == [b"0123", b"678"]
