"""Hostile files with high cost: each is refused or accepted in time and memory proportional to its size."""

import contextlib
import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest

from shield_core.errors import ImageCorrupt, ImageError
from shield_core.image.intake import examine
from shield_core.image.limits import MAX_BYTES
from shield_core.image.payload import build
from tests.support import pictures

SECONDS = 10  # each takes less than 1 on an idle machine; without its bound, minutes


@pytest.fixture(autouse=True)
def bounded():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SECONDS


def take(data):
    return build(data, examine(data))


class TestPng:
    def test_millions_of_empty_chunks_are_refused(self):
        with pytest.raises(ImageCorrupt, match="more than 65536 chunks"):
            examine(pictures.png(pictures.ihdr(9, 9), pictures.chunk(b"tEXt") * 1_000_000))

    @pytest.mark.slow
    def test_image_data_in_crumbs_are_taken(self):
        data = zlib.compress(b"".join(b"\x00" + row.tobytes() for row in np.array(pictures.make(400, 400, "L"))), 1)
        crumbs = [pictures.chunk(b"IDAT", data[at : at + 4]) for at in range(0, len(data), 4)]
        assert len(crumbs) > 10_000
        payload = take(pictures.png(pictures.ihdr(400, 400, 8, 0), *crumbs, pictures.chunk(b"IEND")))
        assert payload.samples.tobytes() == pictures.make(400, 400, "L").tobytes()

    def test_thousands_of_tiny_frames_are_not_all_decoded(self):
        frame = zlib.compress(bytes(2))
        chunks = [pictures.chunk(b"acTL", struct.pack(">II", 9000, 0))]
        for index in range(9000):
            number = max(0, 2 * index - 1)
            chunks.append(pictures.chunk(b"fcTL", struct.pack(">IIIIIHHBB", number, 1, 1, 0, 0, 1, 1, 0, 0)))
            data = (
                pictures.chunk(b"fdAT", struct.pack(">I", 2 * index) + frame)
                if index
                else pictures.chunk(b"IDAT", frame)
            )
            chunks.append(data)
        payload = take(pictures.png(pictures.ihdr(1, 1, 8, 0), *chunks, pictures.chunk(b"IEND")))
        assert "9000 frames" in payload.reason


class TestJpeg:
    @pytest.mark.slow
    @pytest.mark.parametrize(
        "filling", [b"\xff\x00", b"\xff\xff", b"\xff\xd0", b"\xff\xfe\x00\x02", b"\x00\xff", b"\x00\x00"]
    )
    def test_fifty_megabytes_of_anything_are_walked_once(self, filling):
        start = pictures.as_jpeg(pictures.make())[:-2]
        with contextlib.suppress(ImageCorrupt):
            take(start + filling * ((MAX_BYTES - len(start)) // len(filling)))

    def test_a_thousand_scans_are_refused(self):
        whole = pictures.as_jpeg(pictures.make(), progressive=True)
        last = whole[whole.rindex(b"\xff\xda") : -2]
        assert take(whole[:-2] + 80 * last + b"\xff\xd9")
        with pytest.raises(ImageCorrupt, match="too many"):
            examine(whole[:-2] + 1000 * last + b"\xff\xd9")

    def test_self_referencing_exif_never_reaches_the_decoder(self):
        """5,400 fields of 65 kB each in one segment: 350 MB in Pillow, which reads EXIF to find the resolution."""
        fields = b"".join(struct.pack(">HHII", 1000 + tag, 7, 65_000, 0) for tag in range(5400))
        block = b"Exif\x00\x00MM\x00*\x00\x00\x00\x08" + struct.pack(">H", 5400) + fields
        segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
        whole = pictures.as_jpeg(pictures.make())
        at = whole.index(b"\xff\xdb")
        tracemalloc.start()
        take(whole[:2] + segment + whole[at:])
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 5_000_000


class TestBmp:
    @staticmethod
    def run_length(data, side=2000):
        header = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(data), 0, 0, 0, 0)
        start = 54 + 1024
        return b"BM" + struct.pack("<IHHI", start + len(data), 0, 0, start) + header + bytes(range(256)) * 4 + data

    @pytest.mark.slow
    def test_runs_that_yield_nothing_are_refused(self):
        with pytest.raises(ImageCorrupt):
            take(self.run_length(b"\x01\x07" * 500_000))

    def test_more_of_them_are_not_even_tried(self):
        assert examine(self.run_length(b"\x01\x07" * 2_000_001)).format == "OTHER"

    def test_a_run_length_encoded_picture_is_taken(self):
        row = b"\xff\x01" * 7 + b"\xd7\x01" + b"\x00\x00"
        assert "run-length" in take(self.run_length(row * 2000 + b"\x00\x01")).reason


class TestTiff:
    def test_fields_spanning_the_whole_file_are_refused(self):
        whole = bytearray(pictures.gray_tiff("<", [(40_000, 1, 1_000_000, bytes(1_000_000))]))
        field = whole[whole.index(struct.pack("<HHI", 40_000, 1, 1_000_000)) :][:12]
        first = int.from_bytes(whole[4:8], "little")
        at = first + 2
        more = b"".join(struct.pack("<H", 40_001 + tag) + field[2:] for tag in range(2000))
        count = int.from_bytes(whole[first:at], "little")
        directory = whole[at : at + 12 * count] + more + bytes(4)
        whole[4:8] = struct.pack("<I", len(whole))
        whole += struct.pack("<H", count + 2000) + directory
        with pytest.raises(ImageCorrupt, match="cut off in its tag"):
            examine(bytes(whole))

    @pytest.mark.slow
    def test_a_million_pages_are_refused(self):
        page = pictures.gray_tiff("<")[20:-4]
        pages = b"".join(page + struct.pack("<I", 8 + (index + 1) * (len(page) + 4)) for index in range(10_000))
        with pytest.raises(ImageCorrupt, match="more than 65536 entries"):
            examine(b"II*\x00" + struct.pack("<I", 8) + pages)

    def test_hundreds_of_pages_are_taken(self):
        payload = take(pictures.gray_tiff("<", pages=500))
        assert "500 pages" in payload.reason

    def test_strips_spanning_the_whole_file_are_refused(self):
        count = 2000
        sizes = struct.pack(f"<{count}I", *[1_000_000] * count)
        places = struct.pack(f"<{count}I", *[8] * count)
        fields = [
            (256, 4, 1, 4),
            (257, 4, 1, count),
            (258, 3, 1, 8),
            (259, 3, 1, 5),
            (262, 3, 1, 1),
            (273, 4, count, 1_000_008),
        ]
        fields += [(277, 3, 1, 1), (278, 4, 1, 1), (279, 4, count, 1_000_008 + len(places))]
        directory = (
            struct.pack("<H", len(fields)) + b"".join(struct.pack("<HHII", *field) for field in fields) + bytes(4)
        )
        body = bytes(1_000_000) + places + sizes
        with pytest.raises(ImageCorrupt, match="overlap"):
            examine(b"II*\x00" + struct.pack("<I", 8 + len(body)) + body + directory)

    @pytest.mark.parametrize(("tag", "value"), [(322, 1), (322, 0), (323, 2_000_000)])
    def test_tiles_that_cannot_be_are_refused(self, tag, value):
        fields = {322: 16, 323: 16} | {tag: value}
        tiles = [(number, 4, 1, struct.pack("<I", size)) for number, size in fields.items()]
        places = [(number, 4, 1, struct.pack("<I", 8)) for number in (324, 325)]
        with pytest.raises(ImageError):
            take(pictures.gray_tiff("<", tiles + places))


class TestWebp:
    def test_millions_of_empty_chunks_are_refused(self):
        body = pictures.as_webp(pictures.make())[12:] + b"none\x00\x00\x00\x00" * 1_000_000
        with pytest.raises(ImageCorrupt, match="more than 65536 chunks"):
            examine(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
