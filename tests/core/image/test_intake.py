import struct

import pytest

from shield_core.errors import FileTooLarge, ImageCorrupt, ImageEmpty, TooManyPixels, UnsupportedFormat
from shield_core.image.intake import examine, sniff
from shield_core.image.limits import MAX_BYTES, MAX_FILE_PIXELS
from shield_core.image.payload import build
from tests.support import pictures

PICTURES = {
    "PNG": pictures.as_png(pictures.make()),
    "JPEG": pictures.as_jpeg(pictures.make()),
    "BMP": pictures.as_bmp(pictures.make()),
    "TIFF": pictures.as_tiff(pictures.make()),
    "WEBP": pictures.as_webp(pictures.make()),
}
# Without the end of the pixels: of a TIFF the directory stands behind them.
BODIES = sorted(PICTURES)


def bmp_header(width, height, bits=24):
    return b"BM" + struct.pack("<IHHI", 0, 0, 0, 54) + struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, *[0] * 6)


def tiff_header(width, height):
    fields = [(256, 4, 1, width), (257, 4, 1, height), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 1)]
    entries = b"".join(struct.pack("<HHII", *field) for field in fields)
    return b"II*\x00" + struct.pack("<IH", 8, len(fields)) + entries + bytes(4)


def jpeg_header(width, height, marker=0xC0, depth=8, components=3):
    frame = struct.pack(">HBHHB", 8 + 3 * components, depth, height, width, components) + bytes(3 * components)
    return b"\xff\xd8\xff" + bytes([marker]) + frame


def webp_header(width, height):
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return b"RIFF" + struct.pack("<I", 22) + b"WEBPVP8X" + struct.pack("<I", 10) + bytes(4) + sides


def png_header(width, height):
    return pictures.png(pictures.ihdr(width, height))


HEADERS = [png_header, jpeg_header, bmp_header, tiff_header, webp_header]


class TestSniff:
    @pytest.mark.parametrize("name", BODIES)
    def test_the_first_bytes_name_the_format(self, name):
        assert sniff(PICTURES[name][:18]) == name

    @pytest.mark.parametrize(
        "start",
        [b"", b"\x89PN", b"GIF89a", b"%PDF-1.7", b"BMW is a company", b"RIFF\x00\x00\x00\x00WAVEfmt ", b"\x00" * 32],
    )
    def test_nothing_else_has_one(self, start):
        assert sniff(start) is None


class TestExamine:
    @pytest.mark.parametrize("name", BODIES)
    def test_format_size_and_frames_come_from_the_structure(self, name):
        facts = examine(PICTURES[name])
        assert (facts.format, facts.mode, facts.bit_depth, facts.frames) == (name, "RGB", 8, 1)
        assert (facts.width, facts.height, facts.warnings) == (64, 48, ())

    def test_a_view_is_as_good_as_bytes(self):
        assert examine(memoryview(bytearray(PICTURES["PNG"]))) == examine(PICTURES["PNG"])

    def test_no_bytes_are_an_empty_image(self):
        with pytest.raises(ImageEmpty):
            examine(b"")

    def test_one_byte_over_limit_is_too_large(self):
        with pytest.raises(FileTooLarge, match="50,000,001 bytes"):
            examine(bytes(MAX_BYTES + 1))

    @pytest.mark.parametrize(
        "data", [b"x", b"not an image at all", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x00" * 100]
    )
    def test_what_is_no_image_is_unsupported(self, data):
        with pytest.raises(UnsupportedFormat):
            examine(data)

    @pytest.mark.parametrize("header", HEADERS)
    def test_too_many_pixels_in_header_are_refused(self, header):
        with pytest.raises(TooManyPixels, match="200,010,000 pixels"):
            examine(header(20_001, 10_000))

    @pytest.mark.parametrize("header", HEADERS)
    def test_pixels_at_the_limit_are_accepted(self, header):
        assert MAX_FILE_PIXELS == 20_000 * 10_000
        with pytest.raises(ImageCorrupt):
            examine(header(20_000, 10_000))

    @pytest.mark.parametrize("name", BODIES)
    def test_every_truncation_is_refused(self, name):
        whole = PICTURES[name]
        for size in range(1, len(whole), 7):
            with pytest.raises((ImageCorrupt, UnsupportedFormat)):
                build(whole[:size], examine(whole[:size]))

    @pytest.mark.parametrize("name", [name for name in BODIES if name != "JPEG"])
    def test_the_last_byte_is_missed(self, name):
        with pytest.raises(ImageCorrupt):
            examine(PICTURES[name][:-1])

    @pytest.mark.parametrize("name", BODIES)
    @pytest.mark.parametrize("tail", [b"x", b"\x00" * 100, b"PK\x03\x04 an archive behind the picture"])
    def test_bytes_behind_the_picture_are_warned_of(self, name, tail):
        assert examine(PICTURES[name] + tail).warnings == ("trailing-data",)

    @pytest.mark.parametrize("name", ["BMP", "TIFF"])
    def test_a_few_zeros_that_fill_up_are_not(self, name):
        whole = PICTURES[name]
        assert examine(whole + bytes(-len(whole) % 4)).warnings == ()


class TestAnimations:
    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
    def test_frames_are_counted_and_never_exact(self, kind):
        facts = examine(pictures.animated(kind, frames=4))
        assert (facts.frames, facts.exact) == (4, False)
        assert "4 " in facts.reason

    def test_png_with_wrong_frame_count_is_corrupt(self):
        whole = pictures.animated("PNG", frames=3)
        at = whole.index(b"acTL") + 4
        with pytest.raises(ImageCorrupt, match="frames"):
            examine(whole[:at] + struct.pack(">I", 9) + whole[at + 4 :])

    def test_a_frame_outside_the_picture_is_corrupt(self):
        whole = pictures.animated("PNG", frames=2)
        at = whole.index(b"fcTL") + 8
        with pytest.raises(ImageCorrupt, match="lie in the picture"):
            examine(whole[:at] + struct.pack(">I", 4000) + whole[at + 4 :])

    def test_webp_frame_outside_canvas_is_corrupt(self):
        whole = pictures.animated("WEBP", frames=2)
        at = whole.index(b"ANMF") + 8
        with pytest.raises(ImageCorrupt, match="lie in the picture"):
            examine(whole[:at] + b"\xff\xff\xff" + whole[at + 3 :])

    def test_circular_pages_are_corrupt(self):
        whole = bytearray(pictures.as_tiff(pictures.make()))
        first = int.from_bytes(whole[4:8], "little")
        count = int.from_bytes(whole[first : first + 2], "little")
        whole[first + 2 + 12 * count : first + 6 + 12 * count] = whole[4:8]
        with pytest.raises(ImageCorrupt, match="circle"):
            examine(bytes(whole))


class TestExact:
    """The list of docs/reference/format.md, "Payload"."""

    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    def test_png_with_these_samples(self, mode):
        facts = examine(pictures.as_png(pictures.make(mode=mode)))
        assert (facts.mode, facts.exact) == (mode, True)
        assert facts.bit_depth == (16 if mode == "I;16" else 8)

    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    @pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
    def test_tiff_with_these_samples(self, mode, compression):
        facts = examine(pictures.as_tiff(pictures.make(mode=mode), compression=compression))
        assert (facts.mode, facts.exact) == (mode, True)

    @pytest.mark.parametrize("mode", ["L", "RGB"])
    def test_bmp_with_these_samples(self, mode):
        facts = examine(pictures.as_bmp(pictures.make(mode=mode)))
        assert (facts.mode, facts.exact) == (mode, True)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (pictures.palette(), "palette"),
            (pictures.rgb16_png(), "16-bit RGB"),
            (pictures.cmyk(), "CMYK"),
            (pictures.as_jpeg(pictures.make()), "JPEG"),
            (pictures.as_webp(pictures.make()), "WebP"),
            (pictures.as_webp(pictures.make(), lossless=True), "lossless WebP"),
            (pictures.as_png(pictures.make(mode="L").convert("1")), "1-bit"),
            (pictures.as_png(pictures.make(mode="L"), transparency=7), "transparent"),
            (pictures.as_bmp(pictures.make(mode="RGBA")), "32 bits"),
            (pictures.as_bmp(pictures.make().quantize(16)), "palette"),
            (pictures.as_tiff(pictures.make(), compression="jpeg"), "approximates"),
            (pictures.as_tiff(pictures.make(mode="CMYK")), "CMYK"),
            (pictures.as_tiff(pictures.make().quantize(16)), "palette"),
            (pictures.as_tiff(pictures.make(), big_tiff=True), "rare order"),
        ],
    )
    def test_everything_else_says_why_not(self, data, reason):
        facts = examine(data)
        assert not facts.exact
        assert reason in facts.reason

    @pytest.mark.parametrize(
        "name", [b"iCCP", b"eXIf", b"pHYs", b"tEXt", b"zTXt", b"iTXt", b"tIME", b"sRGB", b"gAMA", b"cHRM"]
    )
    def test_png_with_these_chunks(self, name):
        assert examine(pictures.insert_chunk(PICTURES["PNG"], name, b"whatever stands in it")).exact

    @pytest.mark.parametrize("name", [b"tRNS", b"sPLT", b"oFFs", b"vpAg", b"qsIS", b"mkBF"])
    def test_not_png_with_others(self, name):
        assert not examine(pictures.insert_chunk(PICTURES["PNG"], name, b"\x00" * 6)).exact

    def test_png_with_too_much_text_is_not_exact(self):
        facts = examine(pictures.insert_chunk(PICTURES["PNG"], b"tEXt", b"k\x00" + b"x" * 3_200_000))
        assert not facts.exact
        assert "more than 3 MB" in facts.reason

    def test_png_with_nearly_as_much_text(self):
        assert examine(pictures.insert_chunk(PICTURES["PNG"], b"tEXt", b"k\x00" + b"x" * 3_000_000)).exact


class TestStructure:
    """Files with valid first bytes and an invalid structure."""

    @pytest.mark.parametrize(
        "chunks",
        [
            [pictures.ihdr(4, 4), pictures.chunk(b"IEND")],
            [
                pictures.ihdr(4, 4),
                pictures.chunk(b"IDAT"),
                pictures.chunk(b"tEXt"),
                pictures.chunk(b"IDAT"),
                pictures.chunk(b"IEND"),
            ],
            [pictures.ihdr(4, 4), pictures.ihdr(4, 4), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND")],
            [pictures.ihdr(4, 4, 8, 3), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND")],
            [pictures.ihdr(4, 4), pictures.chunk(b"ID\x00T"), pictures.chunk(b"IEND")],
            [pictures.ihdr(4, 4), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND", b"data")],
            [pictures.ihdr(0, 4), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND")],
            [pictures.ihdr(4, 4, 3), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND")],
            [pictures.ihdr(4, 4, 8, 5), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND")],
            [pictures.ihdr(4, 4, 8, 2, 2), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND")],
            [pictures.chunk(b"IDAT"), pictures.ihdr(4, 4), pictures.chunk(b"IEND")],
        ],
    )
    def test_a_png_that_breaks_the_rules_is_corrupt(self, chunks):
        with pytest.raises(ImageCorrupt):
            examine(pictures.png(*chunks))

    def test_a_jpeg_with_two_frame_headers_is_corrupt(self):
        whole = pictures.as_jpeg(pictures.make())
        at = whole.index(b"\xff\xc0")
        frame = whole[at : at + 19]
        with pytest.raises(ImageCorrupt, match="twice"):
            examine(whole[:at] + frame + whole[at:])

    @pytest.mark.parametrize(("marker", "depth"), [(0xC3, 8), (0xC5, 8), (0xC7, 8), (0xCB, 8), (0xC1, 12)])
    def test_rare_jpeg_is_not_decoded(self, marker, depth):
        facts = examine(jpeg_header(64, 48, marker, depth) + bytes(9))
        assert (facts.format, facts.media_type, facts.width, facts.height) == ("OTHER", "image/jpeg", 64, 48)

    def test_stray_bytes_between_jpeg_segments_are_ignored(self):
        whole = pictures.as_jpeg(pictures.make())
        at = whole.index(b"\xff\xdb")
        facts = examine(whole[:at] + b"\x00\x00\xff\xff\x00\x07" + whole[at:])
        assert (facts.width, facts.height, facts.warnings) == (64, 48, ())

    def test_bmp_around_jpeg_is_not_decoded(self):
        whole = bytearray(PICTURES["BMP"])
        whole[30] = 4
        facts = examine(bytes(whole))
        assert (facts.format, facts.media_type, facts.width, facts.height) == ("OTHER", "image/bmp", 64, 48)

    def test_webp_picture_larger_than_canvas_is_corrupt(self):
        still = pictures.as_webp(pictures.make(64, 48))
        large = pictures.as_webp(pictures.make(128, 96))
        body = webp_header(64, 48)[12:] + large[12:]
        assert examine(still).width == 64
        with pytest.raises(ImageCorrupt, match="as large"):
            examine(b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body)
