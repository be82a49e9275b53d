import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shield_core.encrypted import png
from shield_core.encrypted.header import pack
from shield_core.errors import (
    FileTooLarge,
    HeaderInvalid,
    HeaderMissing,
    NotEncrypted,
    TooManyPixels,
    UnsupportedFormat,
)
from shield_core.image.limits import MAX_CHUNKS, MAX_ENCRYPTED_BYTES
from tests.core.encrypted.drawn import KINDS, TAG, header, image
from tests.support.pictures import chunk

EDGES = [
    # rows that end at, before and after the end of a stored block, one row longer than a block, and more than one chunk
    (1, 1, 8, 0),
    (65_534, 2, 8, 0),
    (65_533, 2, 8, 0),
    (65_535, 3, 8, 0),
    (1, 70_000, 8, 0),
    (70_000, 2, 8, 4),
    (21_845, 3, 8, 2),
    (1000, 1100, 8, 2),
    (600, 900, 8, 6),
    (700, 800, 16, 0),
]


def chunks_of(file):
    """Every chunk of a PNG: type, data and whether the checksum fits."""
    at, found = 8, []
    while at < len(file):
        (size,) = struct.unpack_from(">I", file, at)
        kind, body = bytes(file[at + 4 : at + 8]), bytes(file[at + 8 : at + 8 + size])
        (crc,) = struct.unpack_from(">I", file, at + 8 + size)
        found.append((kind, body, crc == zlib.crc32(kind + body)))
        at += 12 + size
    return found


class TestWrite:
    @pytest.mark.parametrize(("width", "height", "depth", "color"), EDGES)
    def test_pillow_sees_the_same_samples(self, width, height, depth, color):
        _, samples, file = image(width=width, height=height, bit_depth=depth, color_type=color)
        with Image.open(io.BytesIO(file)) as opened:
            pixels = np.array(opened)
        assert opened.size == (width, height)
        if depth == 16:
            pixels = pixels.astype(">u2").view(np.uint8)
        assert pixels.tobytes() == samples.tobytes()

    @pytest.mark.parametrize(("width", "height", "depth", "color"), EDGES)
    def test_follows_the_format_byte_by_byte(self, width, height, depth, color):
        """docs/reference/format.md, PNG, with zlib's own functions."""
        of, samples, file = image(width=width, height=height, bit_depth=depth, color_type=color)
        (ihdr, own, *idat, iend) = chunks_of(file)
        assert bytes(file[:8]) == b"\x89PNG\r\n\x1a\n"
        assert ihdr == (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0), True)
        assert own == (b"qsIS", pack(of) + TAG, True)
        assert iend == (b"IEND", b"", True)
        assert all(kind == b"IDAT" and sound for kind, _, sound in idat)
        assert [len(body) for _, body, _ in idat[:-1]] == [1 << 20] * (len(idat) - 1)
        data = b"".join(body for _, body, _ in idat)
        rows = samples.reshape(height, -1)
        raw = np.hstack([np.zeros((height, 1), np.uint8), rows]).tobytes()
        blocks = [raw[at : at + 65_535] for at in range(0, len(raw), 65_535)]
        stored = b"".join(
            struct.pack("<BHH", block is blocks[-1], len(block), 0xFFFF - len(block)) + block for block in blocks
        )
        assert data == b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(raw))
        assert zlib.decompress(data) == raw

    def test_other_samples_than_the_header_says_are_refused(self):
        with pytest.raises(ValueError, match="reshape"):
            png.write(header(), TAG, np.zeros(34 * 3, np.uint8))


class TestRead:
    @pytest.mark.parametrize(("width", "height", "depth", "color"), EDGES)
    def test_reads_what_was_written(self, width, height, depth, color):
        of, samples, file = image(width=width, height=height, bit_depth=depth, color_type=color)
        parsed = png.read(file)
        assert (parsed.header, parsed.header_bytes, parsed.tag) == (of, pack(of), TAG)
        assert np.array_equal(parsed.samples, samples)
        assert parsed.samples.flags.owndata or parsed.samples.base.flags.owndata

    @settings(max_examples=50)
    @given(st.integers(1, 300), st.integers(1, 300), st.sampled_from(sorted(KINDS)), st.integers(16, 300))
    def test_reads_any_geometry(self, width, height, kind, metadata):
        of, samples, file = image(
            width=width, height=height, bit_depth=kind[0], color_type=kind[1], metadata=bytes(metadata)
        )
        parsed = png.read(bytes(file))
        assert parsed.header == of
        assert np.array_equal(parsed.samples, samples)

    def test_tells_every_byte_it_compares(self):
        _, _, file = image(width=1000, height=1000)
        told = []
        png.read(file, progress=told.append)
        assert 0 <= len(file) - sum(told) < 500

    def test_every_flipped_bit_is_refused(self):
        _, _, file = image()
        file = bytes(file)
        for bit in range(8 * len(file)):
            changed = bytearray(file)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises((HeaderInvalid, HeaderMissing, UnsupportedFormat, TooManyPixels)):
                png.read(changed)

    def test_every_truncation_is_refused(self):
        _, _, file = image()
        for size in range(len(file)):
            with pytest.raises((HeaderInvalid, UnsupportedFormat)):
                png.read(file[:size])

    @pytest.mark.parametrize("tail", [b"\x00", b"tail", chunk(b"IEND", b""), chunk(b"tEXt", b"a\0b")])
    def test_bytes_behind_the_end_are_refused(self, tail):
        _, _, file = image()
        with pytest.raises(HeaderInvalid):
            png.read(bytes(file) + tail)

    def test_a_chunk_in_between_is_refused(self):
        _, _, file = image()
        for at in (33, len(file) - 12):
            with pytest.raises(HeaderInvalid):
                png.read(bytes(file[:at]) + chunk(b"tEXt", b"a\0b") + bytes(file[at:]))

    @pytest.mark.parametrize("compressed", [6, 9])
    def test_the_same_picture_compressed_otherwise_is_refused(self, compressed):
        of, samples, _ = image()
        rows = np.hstack([np.zeros((5, 1), np.uint8), samples.reshape(5, -1)]).tobytes()
        ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", 7, 5, 8, 2, 0, 0, 0))
        own = chunk(b"qsIS", pack(of) + TAG)
        idat = chunk(b"IDAT", zlib.compress(rows, compressed))
        with pytest.raises(HeaderInvalid):
            png.read(png.SIGNATURE + ihdr + own + idat + chunk(b"IEND", b""))

    def test_ihdr_that_contradicts_the_header_is_refused(self):
        _, _, file = image()
        ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", 5, 7, 8, 2, 0, 0, 0))
        with pytest.raises(HeaderInvalid):
            png.read(png.SIGNATURE + ihdr + bytes(file[33:]))

    def test_chunk_too_short_for_tag_is_refused(self):
        with pytest.raises(HeaderInvalid):
            png.read(png.SIGNATURE + chunk(b"IHDR", bytes(13)) + chunk(b"qsIS", b"QSIS") + chunk(b"IEND", b""))


class TestFind:
    def test_saved_again_has_no_header(self):
        _, _, file = image(width=40, height=30)
        again = io.BytesIO()
        with Image.open(io.BytesIO(file)) as opened:
            opened.save(again, "PNG")
        with pytest.raises(HeaderMissing):
            png.read(again.getvalue())

    @pytest.mark.parametrize("data", [b"", b"\x89PNG", b"\xff\xd8\xff\xe0", b"BM", b"RIFF1234WEBP"])
    def test_not_a_png(self, data):
        with pytest.raises(UnsupportedFormat):
            png.find(data)

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (b"\xff\xd8\xff\xe0", "a JPEG: an encrypted image is a PNG; another program has saved this one again"),
            (b"RIFF1234WEBP", "a WebP: an encrypted image is a PNG; another program has saved this one again"),
            (b'{"format": "imageshield-key-file"', "a key file: an encrypted image is a PNG"),
            (b"anything", "An encrypted image is a PNG"),
        ],
    )
    def test_error_names_the_other_format(self, data, told):
        with pytest.raises(NotEncrypted, match=told):
            png.find(data)

    def test_nothing_behind_the_signature(self):
        with pytest.raises(HeaderInvalid):
            png.find(png.SIGNATURE)

    def test_too_many_bytes(self):
        with pytest.raises(FileTooLarge):
            png.find(memoryview(np.zeros(MAX_ENCRYPTED_BYTES + 1, np.uint8)))
        with pytest.raises(UnsupportedFormat):
            png.find(memoryview(np.zeros(MAX_ENCRYPTED_BYTES, np.uint8)))

    def test_too_many_chunks(self):
        with pytest.raises(HeaderInvalid):
            png.find(png.SIGNATURE + chunk(b"tEXt", b"") * (MAX_CHUNKS + 1))

    @pytest.mark.parametrize(
        ("width", "height"), [(5000, 5001), (2**31 - 1, 2**31 - 1), (0xFFFFFFFF, 1), (2**24, 2), (2, 2**24)]
    )
    def test_too_many_pixels(self, width, height):
        ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        with pytest.raises(TooManyPixels):
            png.find(png.SIGNATURE + ihdr + chunk(b"IEND", b""))

    @pytest.mark.parametrize("in_ihdr", [False, True])
    def test_giant_geometry_is_refused_before_memory_is_taken(self, in_ihdr):
        """25 million pixels are within the limit, but cannot be in a file of a few hundred bytes."""
        giant = header(width=5000, height=5000, color_type=6)
        ihdr = chunk(b"IHDR", struct.pack(">IIBBBBB", *((5000, 5000, 8, 6) if in_ihdr else (7, 5, 8, 2)), 0, 0, 0))
        file = (
            png.SIGNATURE + ihdr + chunk(b"qsIS", pack(giant) + TAG) + chunk(b"IDAT", bytes(900)) + chunk(b"IEND", b"")
        )
        tracemalloc.start()
        with pytest.raises(HeaderInvalid):
            png.read(file)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 100_000
