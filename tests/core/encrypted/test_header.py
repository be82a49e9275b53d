import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shield_core.cipher.purity import Purity
from shield_core.encrypted.header import SIZE, VERSIONS, pack, parse
from shield_core.errors import HeaderInvalid, LaterVersion
from shield_core.image.limits import MAX_METADATA, MAX_PIXELS
from shield_core.image.regions import Region
from tests.core.encrypted.drawn import KEY_ID, KINDS, header

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
SHA256 = bytes(range(200, 232))
MULTISTAGE = {"purity": Purity.MULTISTAGE, "material_sha256": SHA256}
sides = st.integers(16, 5000)


@st.composite
def regions_in(draw, width, height):
    """Up to 64 rectangles, in the order of the format."""
    xs, ys = st.integers(0, width - 1), st.integers(0, height - 1)
    corners = draw(st.sets(st.tuples(xs, ys), max_size=64))
    return tuple(
        Region(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))
        for x, y in sorted(corners, key=lambda corner: corner[::-1])
    )


class TestPack:
    def test_every_field_is_at_its_offset(self):
        packed = pack(header())
        assert packed[: OFFSETS["key id"]] == b"QSIS" + bytes([1, 1, 1, 2, 0, 0])
        assert packed[OFFSETS["key id"] : OFFSETS["nonce"]] == KEY_ID.bytes
        assert packed[OFFSETS["nonce"] : OFFSETS["commitment"]] == bytes(range(24))
        assert packed[OFFSETS["commitment"] : OFFSETS["width"]] == bytes(range(100, 132))
        assert packed[OFFSETS["width"] : OFFSETS["material"]] == struct.pack(">IIBB", 7, 5, 8, 2)
        assert packed[OFFSETS["material"] : OFFSETS["metadata length"]] == bytes(34)
        assert packed[OFFSETS["metadata length"] :] == struct.pack(">I", 40) + bytes(range(40))

    def test_material_and_regions_stand_where_the_format_says(self):
        packed = pack(header(**MULTISTAGE, regions=(Region(1, 2, 3, 3), Region(0, 4, 7, 1))))
        assert packed[OFFSETS["purity"] : OFFSETS["key id"]] == bytes([3, 0, 3])
        assert packed[OFFSETS["material"] : OFFSETS["regions"]] == SHA256
        assert packed[OFFSETS["regions"] : OFFSETS["regions"] + 34] == struct.pack(">H8I", 2, 1, 2, 3, 3, 0, 4, 7, 1)
        assert packed[OFFSETS["regions"] + 34 :] == struct.pack(">I", 40) + bytes(range(40))

    @given(
        layout=st.sampled_from(["pixels", "file"]),
        purity=st.sampled_from(sorted(Purity)),
        drawn=st.data(),
        key_id=st.uuids(),
        nonce=st.binary(min_size=24, max_size=24),
        commitment=st.binary(min_size=32, max_size=32),
        width=sides,
        height=sides,
        kind=st.sampled_from(sorted(KINDS)),
        metadata=st.binary(min_size=16, max_size=200),
    )
    def test_is_read_back(self, layout, kind, drawn, **values):
        depth, color = kind if layout == "pixels" else (8, 2)
        made = header(
            layout=layout,
            bit_depth=depth,
            color_type=color,
            regions=drawn.draw(regions_in(values["width"], values["height"])) if layout == "pixels" else (),
            material_sha256=SHA256 if values["purity"].needs_material else None,
            **values,
        )
        assert parse(pack(made)) == made

    @pytest.mark.parametrize(
        "changes", [{}, MULTISTAGE, {**MULTISTAGE, "regions": (Region(0, 0, 1, 1), Region(2, 0, 5, 5))}]
    )
    def test_accepted_header_packs_to_the_same_bytes(self, changes):
        """Whichever single byte is changed, the header is refused or reads as another header."""
        packed = pack(header(**changes))
        for at in range(len(packed)):
            for value in (0, 1, packed[at] ^ 1, packed[at] ^ 0x80, 255):
                changed = packed[:at] + bytes([value]) + packed[at + 1 :]
                try:
                    read = parse(changed)
                except HeaderInvalid:
                    continue
                assert pack(read) == changed


class TestVersions:
    @pytest.mark.parametrize("version", range(max(VERSIONS) + 1, 256, 50))
    def test_later_ones_are_named(self, version):
        packed = bytearray(pack(header()))
        packed[4] = version
        with pytest.raises(LaterVersion, match=rf"later version of the format \({version}\)"):
            parse(packed)

    def test_other_magic_has_none(self):
        packed = bytearray(pack(header()))
        packed[:5] = b"QSIT\xff"
        with pytest.raises(HeaderInvalid) as refused:
            parse(packed)
        assert not isinstance(refused.value, LaterVersion)


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
            ("flags", b"\x00\x04"),
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
            ("regions", b"\xff\xff"),
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

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("purity", b"\x02"),
            ("flags", b"\x00\x00"),
            ("flags", b"\x00\x01"),
            ("flags", b"\x00\x02"),
            ("flags", b"\x00\x07"),
            ("flags", b"\x01\x03"),
            ("layout", b"\x02"),
            ("material", bytes(32)),
            ("regions", b"\x00\x00"),
            ("regions", b"\x00\x01"),
            ("regions", b"\x00\x03"),
            ("regions", b"\x00\x41"),
            ("first region", struct.pack(">4I", 1, 2, 0, 3)),
            ("first region", struct.pack(">4I", 1, 2, 3, 0)),
            ("first region", struct.pack(">4I", 1, 2, 7, 3)),
            ("first region", struct.pack(">4I", 1, 2, 3, 4)),
            ("first region", struct.pack(">4I", 7, 2, 1, 3)),
            ("first region", struct.pack(">4I", 1, 2, 2**32 - 1, 3)),
            ("first region", struct.pack(">4I", 0, 4, 7, 1)),
            ("first region", struct.pack(">4I", 1, 4, 1, 1)),
        ],
    )
    def test_invalid_material_and_regions_are_refused(self, field, value):
        packed = pack(header(**MULTISTAGE, regions=(Region(1, 2, 3, 3), Region(0, 4, 7, 1))))
        at = {**OFFSETS, "first region": OFFSETS["regions"] + 2}[field]
        with pytest.raises(HeaderInvalid):
            parse(packed[:at] + value + packed[at + len(value) :])

    def test_every_truncation_is_refused(self):
        packed = pack(header(**MULTISTAGE, regions=(Region(1, 2, 3, 3), Region(0, 4, 7, 1))))
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
            {"material_sha256": SHA256},
            {"purity": Purity.MAXIMUM, "material_sha256": bytes(32)},
            {"purity": Purity.MAXIMUM, "material_sha256": SHA256[1:]},
            {"regions": (Region(-1, 0, 2, 2),)},
            {"regions": (Region(0, -1, 2, 2),)},
            {"regions": (Region(1, 1, 1, 1), Region(1, 1, 1, 1))},
            {"regions": tuple(Region(x, y, 1, 1) for y in range(13) for x in range(5)), "width": 16, "height": 16},
            {"layout": "file", "width": 16, "height": 16, "regions": (Region(0, 0, 1, 1),)},
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
