import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.cipher.purity import AVAILABLE, Purity
from shield_core.container.header import SIZE, pack, parse
from shield_core.errors import HeaderInvalid
from shield_core.image.limits import MAX_METADATA, MAX_PIXELS
from tests.core.container.drawn import KEY_ID, KINDS, header

OFFSETS = {
    "magic": 0,
    "version": 4,
    "suite": 5,
    "layout": 6,
    "purity": 7,
    "flags": 8,
    "key id": 10,
    "nonce": 26,
    "commitment": 50,
    "width": 82,
    "height": 86,
    "bit depth": 90,
    "color type": 91,
    "material": 92,
    "regions": 124,
    "metadata length": 126,
    "metadata": 130,
}
sides = st.integers(16, 5000)


class TestPack:
    def test_every_field_stands_where_the_format_says(self):
        packed = pack(header())
        assert packed[: OFFSETS["key id"]] == b"QSIS" + bytes([1, 1, 1, 2, 0, 0])
        assert packed[OFFSETS["key id"] : OFFSETS["nonce"]] == KEY_ID.bytes
        assert packed[OFFSETS["nonce"] : OFFSETS["commitment"]] == bytes(range(24))
        assert packed[OFFSETS["commitment"] : OFFSETS["width"]] == bytes(range(100, 132))
        assert packed[OFFSETS["width"] : OFFSETS["material"]] == struct.pack(">IIBB", 7, 5, 8, 2)
        assert packed[OFFSETS["material"] : OFFSETS["metadata length"]] == bytes(34)
        assert packed[OFFSETS["metadata length"] :] == struct.pack(">I", 40) + bytes(range(40))

    @given(
        layout=st.sampled_from(["pixels", "file"]),
        purity=st.sampled_from(sorted(AVAILABLE)),
        key_id=st.uuids(),
        nonce=st.binary(min_size=24, max_size=24),
        commitment=st.binary(min_size=32, max_size=32),
        width=sides,
        height=sides,
        kind=st.sampled_from(sorted(KINDS)),
        metadata=st.binary(min_size=16, max_size=200),
    )
    def test_is_read_back(self, layout, kind, **values):
        depth, color = kind if layout == "pixels" else (8, 2)
        made = header(layout=layout, bit_depth=depth, color_type=color, **values)
        assert parse(pack(made)) == made

    def test_every_accepted_header_is_packed_again_to_the_same_bytes(self):
        """Whatever single byte is changed: either it is refused, or it is a header that says something else."""
        packed = pack(header())
        for at in range(len(packed)):
            for value in (0, 1, packed[at] ^ 1, packed[at] ^ 0x80, 255):
                changed = packed[:at] + bytes([value]) + packed[at + 1 :]
                try:
                    read = parse(changed)
                except HeaderInvalid:
                    continue
                assert pack(read) == changed


class TestParse:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("magic", b"QSIT"),
            ("version", b"\x00"),
            ("version", b"\x02"),
            ("suite", b"\x00"),
            ("suite", b"\x02"),
            ("layout", b"\x00"),
            ("layout", b"\x03"),
            ("purity", b"\x00"),
            ("purity", b"\x03"),
            ("purity", b"\x04"),
            ("purity", b"\x05"),
            ("flags", b"\x00\x01"),
            ("flags", b"\x00\x02"),
            ("flags", b"\x80\x00"),
            ("width", bytes(4)),
            ("height", bytes(4)),
            ("width", b"\xff" * 4),
            ("bit depth", b"\x04"),
            ("bit depth", b"\x10"),
            ("color type", b"\x03"),
            ("color type", b"\x01"),
            ("material", bytes(31) + b"\x01"),
            ("regions", b"\x00\x01"),
            ("metadata length", struct.pack(">I", 39)),
            ("metadata length", struct.pack(">I", 41)),
            ("metadata length", b"\xff" * 4),
        ],
    )
    def test_value_that_no_writer_writes_is_refused(self, field, value):
        packed = pack(header())
        at = OFFSETS[field]
        with pytest.raises(HeaderInvalid):
            parse(packed[:at] + value + packed[at + len(value) :])

    def test_every_truncation_is_refused(self):
        packed = pack(header())
        for size in range(len(packed)):
            with pytest.raises(HeaderInvalid):
                parse(packed[:size])

    def test_left_over_bytes_are_refused(self):
        with pytest.raises(HeaderInvalid):
            parse(pack(header()) + b"\x00")

    @pytest.mark.parametrize("view", [bytes, bytearray, memoryview])
    def test_any_buffer_is_read(self, view):
        assert parse(view(pack(header()))) == header()


class TestHeader:
    @pytest.mark.parametrize(
        "changes",
        [
            {"layout": "auto"},
            {"purity": Purity.MULTISTAGE},
            {"purity": Purity.MAXIMUM},
            {"nonce": bytes(12)},
            {"commitment": bytes(31)},
            {"metadata": bytes(15)},
            {"metadata": bytes(MAX_METADATA + 1)},
            {"width": 5000, "height": 5001},
            {"bit_depth": 16, "color_type": 2},
            {"layout": "file", "width": 15, "height": 16},
            {"layout": "file", "width": 16, "height": 15},
            {"layout": "file", "width": 16, "height": 16, "color_type": 6},
            {"layout": "file", "width": 16, "height": 16, "color_type": 0, "bit_depth": 16},
        ],
    )
    def test_is_never_made_with_what_a_reader_refuses(self, changes):
        with pytest.raises(HeaderInvalid):
            header(**changes)

    def test_largest_picture_and_metadata_are_taken(self):
        largest = header(width=5000, height=5000, metadata=bytes(MAX_METADATA))
        assert largest.width * largest.height == MAX_PIXELS
        assert len(pack(largest)) == SIZE + MAX_METADATA

    @pytest.mark.parametrize(("kind", "bytes_per_pixel"), KINDS.items())
    def test_counts_its_samples(self, kind, bytes_per_pixel):
        made = header(bit_depth=kind[0], color_type=kind[1])
        assert made.bytes_per_pixel == bytes_per_pixel
        assert made.row_bytes == 7 * bytes_per_pixel
        assert made.sample_bytes == 35 * bytes_per_pixel
