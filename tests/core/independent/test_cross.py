"""The implementation written from docs/reference/format.md alone decrypts what the product encrypts."""

import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.cipher.purity import Purity
from shield_core.image import intake, payload
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from shield_core.keys.passphrase import Argon2
from shield_core.keys.recipients import RecipientWrap, SecretKey
from shield_core.keys.stanzas import PassphraseWrap, PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.sources import DeterministicSource
from tests.independent.decrypt import decrypt
from tests.independent.stanzas import Secrets
from tests.support import pictures

PASSWORD = "caf\u00e9 au lait, please"
CHEAP = Argon2(salt=bytes(range(16)), m_kib=19_456, t=1, p=1)
MODES = ["L", "LA", "RGB", "RGBA", "I;16"]


def tiff(image, **options):
    out = io.BytesIO()
    array = np.array(image)
    color = array.ndim == 3 and array.shape[2] > 2
    extra = ["unassalpha"] if array.ndim == 3 and array.shape[2] in {2, 4} else None
    tifffile.imwrite(out, array, photometric="rgb" if color else "minisblack", extrasamples=extra, **options)
    return out.getvalue()


def directories(order):
    """The fields of EXIF, with Interoperability in it, and of GPS; one value is of an odd length."""
    photo = [
        (0x9003, 2, 20, b"2026:01:02 03:04:05\x00"),
        (0x9286, 7, 5, b"words"),
        (0xA005, 4, 1, [(1, 2, 4, b"R98\x00")]),
    ]
    number = struct.pack(order + "H", 6)
    return [
        (274, 3, 1, number),
        (34665, 4, 1, photo),
        (34853, 4, 1, [(1, 2, 2, b"N\x00"), (29, 2, 11, b"2026:01:02\x00")]),
    ]


def bitmap(width, height, *, header_size=40, top_down=False, image_size=True, colors=0):
    """Return a BMP of 24 bits with the given header and palette."""
    rows = np.zeros((height, (width * 3 + 3) // 4 * 4), np.uint8)
    rows[:, : width * 3] = np.random.default_rng(width).integers(0, 256, (height, width * 3))
    size = rows.size if image_size else 0
    signed = -height if top_down else height
    header = struct.pack("<IiiHHIIiiII", header_size, width, signed, 1, 24, 0, size, 2835, 2835, colors, 0)
    header = header.ljust(header_size, b"\0") + bytes(range(256)) * 4 * bool(colors)
    start = 14 + header_size + 4 * min(256, colors)
    return b"BM" + struct.pack("<IHHI", start + rows.size, 0, 0, start) + header[: start - 14] + rows.tobytes()


def gray_bitmap(width, height, **options):
    return pictures.as_bmp(pictures.make(width, height, "L"), **options)


def with_colors(data, colors):
    """Return a BMP that declares a wrong number of colors."""
    return data[:46] + colors.to_bytes(4, "little") + data[50:]


FILES = {
    **{f"PNG {mode}": pictures.as_png(pictures.make(13, 7, mode)) for mode in MODES},
    "PNG with EXIF": pictures.with_exif(pictures.make(13, 7), dpi=(300, 200)),
    "PNG with chunks behind": pictures.insert_chunk(
        pictures.with_icc(pictures.make(13, 7)), b"tEXt", b"Last\0of all", before=b"IEND"
    ),
    **{f"TIFF {mode} {order}": tiff(pictures.make(13, 7, mode), byteorder=order) for mode in MODES for order in "<>"},
    **{
        f"TIFF {mode} {order} packed": tiff(
            pictures.make(13, 7, mode), byteorder=order, compression="zlib", predictor=True
        )
        for mode in MODES
        for order in "<>"
    },
    **{f"TIFF directories {order}": pictures.gray_tiff(order, directories(order)) for order in "<>"},
    "TIFF with tags": pictures.as_tiff(
        pictures.make(13, 7), icc_profile=pictures.icc(), dpi=(300, 200), tiffinfo={270: "odd", 700: b"<x/>"}
    ),
    "TIFF of two strips": pictures.as_tiff(pictures.make(300, 301)),
    "TIFF of two packed strips": tiff(pictures.make(300, 301), compression="zlib"),
    "BMP gray": gray_bitmap(13, 7),
    "BMP bottom-up": bitmap(13, 7),
    "BMP top-down": bitmap(13, 7, top_down=True),
    "BMP without its size": bitmap(13, 7, image_size=False),
    "BMP of colors and a palette": bitmap(13, 7, colors=3),
    "BMP of colors and too many": bitmap(13, 7, colors=1000),
    **{f"BMP header {size}": bitmap(5, 4, header_size=size) for size in (52, 56, 108, 124)},
    "JPEG": pictures.as_jpeg(pictures.make(13, 7)),
    "WEBP": pictures.as_webp(pictures.make(13, 7)),
    "GIF-like PNG": pictures.palette(13, 7),
    "TIFF pages": pictures.animated("TIFF", width=9, height=7),
}
OTHERS = {
    "GIF": pictures.encode(pictures.make(13, 7), "GIF"),
    "PSD": b"8BPS\0\1" + struct.pack(">6xHIIHH", 3, 7, 13, 8, 3) + bytes(range(100)),
}
"""Files that are not decoded."""

EXACT = sorted(name for name in FILES if intake.examine(FILES[name]).complete)
LEGIBLE = pictures.as_jpeg(pictures.make(13, 7), exif=pictures.exif(), icc_profile=pictures.icc(), dpi=(300, 300))


def encrypt(data, **options):
    return encrypt_image(data, **{"source": DeterministicSource(7), "wraps": [PlainWrap()]} | options)


def both(made):
    """Return the results of the product and of the independent implementation for one encrypted image."""
    image, material = bytes(made.png), bytes(made.material) if made.material else None
    mine = decrypt_image(image, made.key_file_bytes, openers=[PlainOpen()], material=material)
    return bytes(mine.data), decrypt(image, made.key_file_bytes, Secrets(), material)


def content(data):
    """Return the samples and all kept data of a picture."""
    taken = payload.build(data, intake.examine(data), layout=Layout.PIXELS)
    return taken.metadata["payload_sha256"], taken.metadata["source"]


def assert_same(made):
    """Compare bytes if every byte is fixed; otherwise compare pixels, chunks and tags."""
    mine, other = both(made)
    rebuild = other.metadata["source"]["rebuild"] or {}
    if rebuild.get("as") == "PNG" or rebuild.get("packed"):
        assert content(mine) == content(other.file)
    else:
        assert mine == other.file
    return other.file


class TestLayouts:
    @pytest.mark.slow
    @pytest.mark.parametrize("layout", [Layout.AUTO, Layout.FILE])
    @pytest.mark.parametrize("name", FILES)
    def test_come_back(self, name, layout):
        made = encrypt(FILES[name], layout=layout)
        assert made.layout is (Layout.PIXELS if name in EXACT and layout is Layout.AUTO else Layout.FILE)
        back = assert_same(made)
        if made.layout is Layout.FILE or name.startswith("BMP"):
            assert back == FILES[name]

    @pytest.mark.parametrize("name", OTHERS)
    def test_of_version_2_come_back(self, name):
        made = encrypt(OTHERS[name])
        assert (made.layout, made.header_bytes[4]) == (Layout.FILE, 2)
        assert assert_same(made) == OTHERS[name]

    def test_of_a_palette_that_claims_more_come_back(self):
        """No decoder here accepts it, but its pixels need none."""
        data = with_colors(FILES["BMP gray"], 1000)
        assert assert_same(encrypt(data)) == data

    def test_jpeg_taken_as_pixels_is_restored_as_png(self):
        assert_same(encrypt(LEGIBLE, layout=Layout.PIXELS))


class TestPurities:
    @pytest.mark.parametrize("purity", list(Purity))
    @pytest.mark.parametrize("name", ["PNG RGBA", "PNG I;16", "JPEG"])
    def test_come_back(self, name, purity):
        made = encrypt(FILES[name], purity=purity)
        assert made.quantum_purity["served"] == purity.value
        assert_same(made)

    @pytest.mark.slow
    @pytest.mark.parametrize("purity", [Purity.MULTISTAGE, Purity.MAXIMUM])
    def test_of_several_segments_and_buckets_come_back(self, purity):
        made = encrypt(pictures.as_png(pictures.make(513, 512, "RGBA")), purity=purity)
        assert_same(made)


@st.composite
def pictures_with_regions(draw):
    width, height = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    rectangles = []
    for _ in range(draw(st.integers(1, 5))):
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        rectangles.append(Region(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y))))
    return width, height, list(dict.fromkeys(rectangles))


class TestRegions:
    @pytest.mark.slow
    @settings(max_examples=40, deadline=None)
    @given(pictures_with_regions(), st.sampled_from(pictures.EXACT), st.sampled_from(list(Purity)))
    def test_come_back(self, drawn, kind, purity):
        width, height, regions = drawn
        data = pictures.encode(pictures.make(width, height, kind[1]), kind[0])
        made = encrypt(data, regions=regions, purity=purity)
        assert made.regions
        assert_same(made)


class TestSizes:
    @pytest.mark.slow
    @settings(max_examples=40, deadline=None)
    @given(
        st.integers(1, 40),
        st.integers(1, 40),
        st.sampled_from(pictures.EXACT),
        st.sampled_from([Layout.AUTO, Layout.FILE]),
    )
    def test_come_back(self, width, height, kind, layout):
        data = pictures.encode(pictures.make(width, height, kind[1]), kind[0])
        assert_same(encrypt(data, layout=layout))


class TestStanzas:
    ADA, BOB = SecretKey(bytes(range(32))), SecretKey(bytes(range(1, 33)))

    @pytest.mark.parametrize(
        ("secrets", "opens"),
        [
            (Secrets(passphrase="cafe\u0301 au lait, please"), True),
            (Secrets(identity=ADA.text), True),
            (Secrets(passphrase="another password", identity=BOB.text), True),
            (Secrets(passphrase="another password"), False),
            (Secrets(), False),
        ],
        ids=["passphrase", "recipient", "second recipient", "other passphrase", "nothing"],
    )
    def test_open_what_they_should(self, secrets, opens):
        wraps = [
            PassphraseWrap.from_passphrase(PASSWORD, CHEAP),
            RecipientWrap(self.ADA.public),
            RecipientWrap(self.BOB.public),
        ]
        made = encrypt(FILES["BMP gray"], wraps=wraps)
        if not opens:
            with pytest.raises(Exception, match="no match: no stanza opens"):
                decrypt(bytes(made.png), made.key_file_bytes, secrets)
            return
        assert decrypt(bytes(made.png), made.key_file_bytes, secrets).file == FILES["BMP gray"]
