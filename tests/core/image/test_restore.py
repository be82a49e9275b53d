import copy
import io
import struct
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shield_core.errors import ImageCorrupt, PayloadInvalid
from shield_core.image.intake import examine
from shield_core.image.payload import Layout, build
from shield_core.image.restore import restore
from shield_core.image.suffixes import SUFFIXES
from shield_core.keys import canonical
from tests.support import pictures


def take(data, layout=Layout.AUTO, file_name=None):
    return build(data, examine(data), layout=layout, file_name=file_name)


def give_back(payload, **changes):
    geometry = {name: getattr(payload, name) for name in ("layout", "width", "height", "bit_depth", "color_type")}
    metadata = canonical.loads(canonical.dumps(payload.metadata))
    return restore(**{"samples": payload.samples, "metadata": metadata} | geometry | changes)


def round_trip(data, layout=Layout.AUTO, file_name=None):
    return give_back(take(data, layout, file_name))


def info(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.info


class TestFile:
    @pytest.mark.parametrize(
        ("data", "media_type"),
        [
            (pictures.as_jpeg(pictures.make()), "image/jpeg"),
            (pictures.as_webp(pictures.make()), "image/webp"),
            (pictures.palette(), "image/png"),
            (pictures.animated("TIFF"), "image/tiff"),
            (pictures.as_bmp(pictures.make(mode="RGBA")), "image/bmp"),
            (pictures.cmyk() + b"data behind the picture", "image/jpeg"),
        ],
    )
    def test_comes_back_byte_for_byte(self, data, media_type):
        restored = round_trip(data, file_name="of any name.xyz")
        assert restored.data == data
        name = f"of any name.xyz{SUFFIXES[media_type][0]}"
        assert (restored.media_type, restored.file_name, restored.layout) == (media_type, name, Layout.FILE)

    def test_missing_name_becomes_image_with_suffix(self):
        assert round_trip(pictures.cmyk()).file_name == "image.jpg"


class TestPixels:
    @pytest.mark.parametrize(("kind", "mode"), pictures.EXACT)
    @pytest.mark.parametrize("size", [(1, 1), (7, 1), (1, 9), (61, 43)])
    def test_come_back_in_the_same_format(self, kind, mode, size):
        image = pictures.make(*size, mode=mode)
        restored = round_trip(pictures.encode(image, kind), file_name=f"a.{kind}")
        assert restored.layout is Layout.PIXELS
        assert (restored.media_type, restored.file_name) == (f"image/{kind.lower()}", f"a.{kind}")
        assert np.array_equal(pictures.pixels(restored.data), np.array(image))
        assert examine(restored.data).exact

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("compression", [None, "zlib"])
    def test_tiff_pixels_equal_those_of_tifffile(self, order, compression):
        numbers = np.array(pictures.make(mode="I;16"))
        out = io.BytesIO()
        tifffile.imwrite(out, numbers, byteorder=order, compression=compression, photometric="minisblack")
        restored = round_trip(out.getvalue())
        assert restored.data[:2] == (b"II" if order == "<" else b"MM")
        assert np.array_equal(tifffile.imread(io.BytesIO(restored.data)), numbers)

    def test_of_tiles_come_back_in_strips(self):
        numbers = np.array(pictures.make(100, 70))
        out = io.BytesIO()
        tifffile.imwrite(out, numbers, tile=(16, 32), photometric="rgb")
        assert np.array_equal(tifffile.imread(io.BytesIO(round_trip(out.getvalue()).data)), numbers)

    def test_of_a_jpeg_come_back_as_png(self):
        data = pictures.as_jpeg(pictures.make(), exif=pictures.exif(), icc_profile=pictures.icc(), dpi=(300, 300))
        restored = round_trip(data, Layout.PIXELS, "photo.jpeg")
        assert (restored.media_type, restored.file_name) == ("image/png", "photo.png")
        assert np.array_equal(pictures.pixels(restored.data), pictures.pixels(data))
        assert info(restored.data)["icc_profile"] == pictures.icc()
        assert info(restored.data)["exif"].removeprefix(b"Exif\x00\x00") == pictures.exif().removeprefix(
            b"Exif\x00\x00"
        )
        assert info(restored.data)["dpi"] == pytest.approx((300, 300), abs=0.01)

    def test_of_a_lossless_webp_come_back_as_png(self):
        image = pictures.make(mode="RGBA")
        data = pictures.as_webp(image, lossless=True, exact=True, exif=pictures.exif(), icc_profile=pictures.icc())
        restored = round_trip(data, Layout.PIXELS, "photo.webp")
        assert (restored.media_type, restored.file_name) == ("image/png", "photo.png")
        assert np.array_equal(pictures.pixels(restored.data), np.array(image))
        assert info(restored.data)["icc_profile"] == pictures.icc()

    @settings(max_examples=25, deadline=None)
    @given(
        st.integers(1, 40),
        st.integers(1, 40),
        st.sampled_from(["L", "LA", "RGB", "RGBA", "I;16"]),
        st.sampled_from(["PNG", "TIFF"]),
    )
    def test_of_any_size_come_back(self, width, height, mode, kind):
        image = pictures.make(width, height, mode, seed=width * height)
        assert np.array_equal(pictures.pixels(round_trip(pictures.encode(image, kind)).data), np.array(image))


class TestKeptOfPng:
    def test_chunks_are_restored_on_both_sides(self):
        data = pictures.with_icc(pictures.make(), dpi=(300, 200), exif=pictures.exif())
        for name, body in [
            (b"gAMA", struct.pack(">I", 45455)),
            (b"tEXt", b"Title\x00a"),
            (b"tIME", b"\x07\xea\x01\x02\x03\x04\x05"),
        ]:
            data = pictures.insert_chunk(data, name, body)
        for name, body in [(b"zTXt", b"Comment\x00\x00" + zlib.compress(b"long " * 99)), (b"tEXt", b"Last\x00of all")]:
            data = pictures.insert_chunk(data, name, body, before=b"IEND")
        restored = round_trip(data)

        def others(whole):
            names = [chunk if chunk[0] != b"IDAT" else (b"IDAT", None) for chunk in pictures.chunks_of(whole)]
            return [chunk for index, chunk in enumerate(names) if chunk[1] is not None or names[index - 1] != chunk]

        assert restored.data != data
        assert others(restored.data) == others(data)

    def test_trailing_data_is_not_restored(self):
        data = pictures.as_png(pictures.make())
        assert take(data + b"behind", Layout.PIXELS).warnings == ("trailing-data",)
        assert round_trip(data + b"behind", Layout.PIXELS).data == round_trip(data).data


class TestKeptOfTiff:
    def test_every_tag_of_the_list_comes_back(self):
        texts = dict.fromkeys((270, 271, 272, 305, 315, 33432), "some words")
        tags = {**texts, 306: "2026:01:02 03:04:05", 274: 6, 700: b"<x:xmpmeta/>", 33723: b"\x1c\x02\x00\x00\x01x"}
        data = pictures.as_tiff(pictures.make(), icc_profile=pictures.icc(), dpi=(300, 200), tiffinfo=tags)
        restored = round_trip(data).data
        with tifffile.TiffFile(io.BytesIO(data)) as before, tifffile.TiffFile(io.BytesIO(restored)) as after:
            for tag in (*tags, 282, 283, 296, 34675):
                assert after.pages[0].tags[tag].value == before.pages[0].tags[tag].value, tag
        assert info(restored)["dpi"] == (300, 200)
        assert info(restored)["icc_profile"] == pictures.icc()

    @pytest.mark.parametrize("order", ["<", ">"])
    def test_directories_inside_come_back(self, order):
        interoperability = [(1, 2, 4, b"R98\x00")]
        photo = [(0x9003, 2, 20, b"2026:01:02 03:04:05\x00"), (0xA005, 4, 1, interoperability)]
        place = [(1, 2, 2, b"N\x00")]
        restored = round_trip(pictures.gray_tiff(order, [(34665, 4, 1, photo), (34853, 4, 1, place)])).data
        with Image.open(io.BytesIO(restored)) as image:
            block = image.getexif()
            assert block.get_ifd(0x8769)[0x9003] == "2026:01:02 03:04:05"
            assert block.get_ifd(0xA005)[1] == "R98"
            assert block.get_ifd(0x8825)[1] == "N"

    def test_a_broken_directory_inside_makes_it_a_file(self):
        data = bytearray(pictures.with_exif(pictures.make(), "TIFF"))
        pointer = data.index(struct.pack("<HHI", 34665, 4, 1)) + 8
        data[pointer : pointer + 4] = b"\xff\xff\xff\x7f"
        payload = take(bytes(data))
        assert payload.layout is Layout.FILE
        assert "damaged" in payload.reason


class TestKeptOfBmp:
    @pytest.mark.parametrize("size", [(63, 31), (64, 48)])
    @pytest.mark.parametrize("mode", ["L", "RGB"])
    def test_comes_back_byte_for_byte(self, mode, size):
        data = pictures.as_bmp(pictures.make(*size, mode=mode), dpi=(300, 300))
        assert take(data).layout is Layout.PIXELS
        assert round_trip(data).data == data

    @pytest.mark.parametrize("size", [52, 56, 108, 124])
    def test_comes_back_with_a_longer_header(self, size):
        data = pictures.long_bmp(size)
        assert take(data).layout is Layout.PIXELS
        assert round_trip(data).data == data

    @pytest.mark.parametrize("kind", [b"DEBM", b"KNIL"])
    def test_bmp_with_color_profile_uses_file_layout(self, kind):
        data = bytearray(pictures.long_bmp(124) + b"profile")
        data[14 + 56 : 14 + 60] = kind
        data[14 + 112 : 14 + 120] = struct.pack("<II", len(data) - 7 - 14, 7)
        payload = take(bytes(data))
        assert (payload.layout, payload.warnings) == (Layout.FILE, ())
        assert "profile" in payload.reason
        with pytest.raises(ImageCorrupt):
            examine(bytes(data[:-1]))

    def test_oldest_bmp_kind_uses_file_layout(self):
        row = bytes(range(12))
        data = b"BM" + struct.pack("<IHHIIHHHH", 26 + 36, 0, 0, 26, 12, 4, 3, 1, 24) + 3 * row
        payload = take(data)
        assert (payload.layout, payload.warnings) == (Layout.FILE, ())
        assert round_trip(data).data == data


class TestPayloadInvalid:
    """Authentic metadata may come from a faulty or malicious writer."""

    @pytest.fixture(params=["PNG", "TIFF", "BMP", "JPEG"])
    def payload(self, request):
        return take(pictures.encode(pictures.make(), request.param))

    def test_other_samples(self, payload):
        payload.samples[0, 0] ^= 1
        with pytest.raises(PayloadInvalid, match="not those"):
            give_back(payload)

    @pytest.mark.parametrize("changes", [{"width": 65}, {"height": 47}, {"bit_depth": 16}, {"color_type": 6}])
    def test_another_geometry(self, payload, changes):
        with pytest.raises(PayloadInvalid):
            give_back(payload, **changes)

    def test_another_layout(self, payload):
        other = Layout.PIXELS if payload.layout is Layout.FILE else Layout.FILE
        with pytest.raises(PayloadInvalid):
            give_back(payload, layout=other)

    @pytest.mark.parametrize("key", ["payload_sha256", "original_sha256", "source"])
    @pytest.mark.parametrize("value", [None, 7, "x", {}, []])
    def test_other_values_of_its_keys(self, payload, key, value):
        with pytest.raises(PayloadInvalid):
            give_back(payload, metadata=payload.metadata | {key: value})

    @pytest.mark.parametrize("key", ["bit_depth", "file_name", "format", "mode", "rebuild"])
    def test_a_missing_key(self, payload, key):
        source = {name: value for name, value in payload.metadata["source"].items() if name != key}
        with pytest.raises(PayloadInvalid):
            give_back(payload, metadata=payload.metadata | {"source": source})

    @pytest.mark.parametrize(
        "value", [7, "x", {}, [], {"as": "GIF"}, {"as": []}, {"as": "PNG"}, {"as": "TIFF", "tags": 1}]
    )
    def test_other_instructions(self, payload, value):
        source = payload.metadata["source"] | {"rebuild": value}
        with pytest.raises(PayloadInvalid):
            give_back(payload, metadata=payload.metadata | {"source": source})

    @pytest.mark.parametrize(
        "chunk",
        [
            {"data_b64": "", "place": "before", "type": "IDAT"},
            {"data_b64": "", "place": "before", "type": "tRNS"},
            {"data_b64": "", "place": "between", "type": "tEXt"},
            {"data_b64": "=", "place": "before", "type": "tEXt"},
            {"data_b64": "", "place": "before", "type": "tEXt", "more": 1},
            {"place": "before", "type": "tEXt"},
            "tEXt",
        ],
    )
    def test_chunks_that_are_never_kept(self, chunk):
        payload = take(pictures.as_png(pictures.make()))
        payload.metadata["source"]["rebuild"]["chunks"] = [chunk]
        with pytest.raises(PayloadInvalid):
            give_back(payload)

    @pytest.mark.parametrize(
        "tag",
        [
            {"count": 1, "tag": 256, "type": 4, "value_b64": "AAAAAA=="},
            {"count": 2, "tag": 270, "type": 4, "value_b64": "AAAAAA=="},
            {"count": 1, "tag": 270, "type": 99, "value_b64": "AAAAAA=="},
            {"count": 0, "tag": 270, "type": 2, "value_b64": ""},
            {"count": True, "tag": 270, "type": 1, "value_b64": "AA=="},
            {"tag": 270, "tags": []},
            {"count": 1, "tag": 34665, "type": 4, "value_b64": "AAAAAA=="},
            {"tag": 34665, "tags": [{"tag": 34665, "tags": []}]},
        ],
    )
    def test_tags_that_are_never_kept(self, tag):
        payload = take(pictures.as_tiff(pictures.make()))
        payload.metadata["source"]["rebuild"]["tags"] = [tag]
        with pytest.raises(PayloadInvalid):
            give_back(payload)

    def test_tags_that_stand_twice(self):
        payload = take(pictures.as_tiff(pictures.make()))
        tag = {"count": 1, "tag": 270, "type": 1, "value_b64": "AA=="}
        payload.metadata["source"]["rebuild"]["tags"] = [tag, tag]
        with pytest.raises(PayloadInvalid):
            give_back(payload)

    def test_a_header_of_another_bmp(self):
        payload, other = (take(pictures.as_bmp(pictures.make(*size))) for size in [(64, 48), (48, 64)])
        metadata = copy.deepcopy(payload.metadata)
        metadata["source"]["rebuild"] = other.metadata["source"]["rebuild"]
        with pytest.raises(PayloadInvalid):
            give_back(payload, metadata=metadata)

    def test_a_file_that_is_no_picture(self):
        """A key holder could wrap any bytes; the restored file is still one of the five formats."""
        payload = take(pictures.cmyk())
        payload.metadata["source"]["format"] = "PNG"
        with pytest.raises(PayloadInvalid):
            give_back(payload)

    @pytest.mark.parametrize("name", ["../../.bashrc", "/etc/passwd", "a\x00b"])
    def test_a_hostile_name_is_not_invalid_but_harmless(self, name):
        payload = take(pictures.cmyk())
        payload.metadata["source"]["file_name"] = name
        assert give_back(payload).file_name in {"bashrc.jpg", "passwd.jpg", "ab.jpg"}
