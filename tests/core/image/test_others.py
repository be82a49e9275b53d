"""Formats that are not decoded: they are kept byte for byte; refused formats are named."""

import pytest

from shield_core.cipher.purity import Purity
from shield_core.errors import ImageCorrupt, ImageError, LayoutNotExact, TooManyPixels, UnsupportedFormat
from shield_core.image.intake import examine, survey
from shield_core.image.limits import MAX_SCANS, MAX_UNENDED_SCANS
from shield_core.image.payload import Layout, build
from shield_core.image.pixels import check, decode_shown
from shield_core.image.regions import Region
from shield_core.image.suffixes import SUFFIXES
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.quantum.sources import DeterministicSource
from tests.support import other_pictures, pictures
from tests.support.other_pictures import OTHERS, REFUSED

each = pytest.mark.parametrize("name", OTHERS)


def encrypt(data, **options):
    source = DeterministicSource()
    return encrypt_image(data, source=source, wraps=[PlainWrap()], purity=Purity.BALANCED, **options)


def there_and_back(data, **options):
    made = encrypt(data, **options)
    return made, decrypt_image(made.png, made.key_file_bytes, openers=[PlainOpen()])


class TestOthers:
    @each
    def test_known_by_structure(self, name):
        data, media_type, width, height = OTHERS[name]
        facts = build(data, examine(data)).facts
        assert (facts.format, facts.media_type, facts.width, facts.height) == ("OTHER", media_type, width, height)
        assert media_type in SUFFIXES

    @each
    def test_come_back_byte_for_byte(self, name):
        data, media_type, *_ = OTHERS[name]
        made, back = there_and_back(data, file_name="picture")
        assert (made.layout, made.warnings, made.header_bytes[4]) == (Layout.FILE, ("not-decoded",), 2)
        name = "picture" + SUFFIXES[media_type][0]
        assert (back.data, back.media_type, back.file_name, back.warnings) == (data, media_type, name, ())

    @each
    def test_without_name_get_their_suffix(self, name):
        data, media_type, *_ = OTHERS[name]
        assert there_and_back(data)[1].file_name == "image" + SUFFIXES[media_type][0]

    @each
    @pytest.mark.parametrize("asked", [{"layout": Layout.PIXELS}, {"regions": [Region(0, 0, 1, 1)]}])
    def test_have_no_pixels(self, name, asked):
        with pytest.raises((LayoutNotExact, UnsupportedFormat), match=r"the picture is an? "):
            encrypt(OTHERS[name][0], **asked)

    @pytest.mark.parametrize(
        "data", [other_pictures.heif(width=20_001, height=10_000), other_pictures.gif(20_001, 10_000)]
    )
    def test_too_many_pixels_refused(self, data):
        with pytest.raises(TooManyPixels, match="200,010,000"):
            examine(data)

    @pytest.mark.parametrize("name", ["heic", "gif", "psd", "cr3"])
    def test_cut_in_front_refused(self, name):
        data = OTHERS[name][0]
        for size in range(1, 12):
            with pytest.raises(ImageError):
                examine(data[:size])

    def test_cut_heic_refused(self):
        with pytest.raises(ImageCorrupt, match="mdat"):
            examine(other_pictures.heif()[:-1])

    def test_five_formats_stay_version_1(self):
        for data in (pictures.as_jpeg(pictures.make()), pictures.palette(), pictures.as_webp(pictures.make())):
            assert encrypt(data).header_bytes[4] == 1


class TestRefused:
    @pytest.mark.parametrize("word", REFUSED)
    def test_say_what_they_are(self, word):
        with pytest.raises(UnsupportedFormat) as refused:
            examine(REFUSED[word])
        assert (
            "starts like no picture" in str(refused.value)
            if word == "nothing known"
            else word.split()[0] in str(refused.value)
        )

    def test_svg_says_why(self):
        with pytest.raises(UnsupportedFormat, match="a program and no picture: export it as PNG"):
            examine(REFUSED["SVG"])


class TestEndMissing:
    @pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0, "quality": 95}])
    def test_taken_where_all_pixels_are_there(self, options):
        data = pictures.as_jpeg(pictures.make(97, 61), **options)[:-2]
        made, back = there_and_back(data)
        assert (made.layout, made.warnings, made.header_bytes[4]) == (Layout.FILE, ("end-missing",), 1)
        assert (back.data, back.media_type) == (data, "image/jpeg")

    @pytest.mark.parametrize("missing", [3, 10, 100, 1000])
    @pytest.mark.parametrize("progressive", [False, True])
    def test_cut_pixels_refused(self, missing, progressive):
        data = pictures.as_jpeg(pictures.make(97, 61), progressive=progressive)
        with pytest.raises(ImageCorrupt, match="cut off"):
            encrypt(data[: -2 - missing])

    def test_missing_scans_refused(self):
        data = pictures.as_jpeg(pictures.make(97, 61), progressive=True)
        for at in (at for at in range(len(data) - 1) if data[at : at + 2] in {b"\xff\xda", b"\xff\xc4"}):
            with pytest.raises(ImageCorrupt):
                encrypt(data[:at])

    def test_decoded_three_times_and_no_more(self):
        data = pictures.as_jpeg(pictures.make(97, 61))[:-2]
        read = []
        check(survey(data), progress=read.append)
        assert sum(read) < 3.5 * len(data)

    def test_as_many_scans_as_decodings_allow(self):
        """Three decodings of these take at most as many passes as one decoding of a JPEG with its end marker."""
        whole = pictures.as_jpeg(pictures.make(97, 61), progressive=True)[:-2]
        first = whole.index(b"\xff\xda")
        scan = whole[first : whole.index(b"\xff\xc4", first)]

        def with_scans(count):
            return whole[:first] + scan * (count - whole.count(b"\xff\xda")) + whole[first:]

        most, whole_one = with_scans(MAX_UNENDED_SCANS), with_scans(MAX_SCANS) + b"\xff\xd9"
        assert 3 * MAX_UNENDED_SCANS < MAX_SCANS
        assert build(most, examine(most)).warnings == ("end-missing",)
        assert build(whole_one, examine(whole_one), layout=Layout.FILE).warnings == ()
        with pytest.raises(ImageCorrupt, match="no end marker and more than 25 scans"):
            examine(with_scans(MAX_UNENDED_SCANS + 1))

    def test_has_no_pixels(self):
        with pytest.raises(LayoutNotExact, match="without its end marker"):
            encrypt(pictures.as_jpeg(pictures.make())[:-2], layout=Layout.PIXELS)


class TestBmp:
    """Valid files that Pillow does not read or misreads, and damaged files."""

    ROWS = b"\x08\x05\0\0" * 3

    @pytest.mark.parametrize(
        ("bits", "colors"),
        [(4, range(16)), (4, range(3)), (4, [0, 255]), (4, [0]), (8, [0, 255]), (8, [0]), (1, range(4))],
    )
    def test_gray_palette_of_misread_depth_is_kept(self, bits, colors):
        assert examine(other_pictures.palette_bmp(bits, colors)).format == "OTHER"

    def test_ramp_of_gray_in_a_core_header(self):
        assert examine(other_pictures.palette_bmp(4, range(16), core=True)).format == "OTHER"

    @pytest.mark.parametrize(
        ("bits", "colors"),
        [(4, [17 * i for i in range(16)]), (4, [255, 0]), (8, range(3)), (8, range(256)), (1, [0, 255]), (1, [255, 0])],
    )
    def test_other_palettes_decoded_and_shown_right(self, bits, colors):
        data = other_pictures.palette_bmp(bits, colors)
        assert build(data, examine(data), layout=Layout.FILE).facts.format == "BMP"
        assert set(decode_shown(survey(data))[1].reshape(-1).tolist()) <= {colors[0], colors[1]}

    def test_ramp_of_gray_cut_off_refused(self):
        with pytest.raises(ImageCorrupt, match="cut off"):
            examine(other_pictures.palette_bmp(4, range(16))[:-1])

    @pytest.mark.parametrize("compression", [4, 5])
    def test_picture_inside_cut_off_refused(self, compression):
        with pytest.raises(ImageCorrupt, match="cut off"):
            examine(other_pictures.bmp_around(pictures.as_jpeg(pictures.make()), compression)[:-1])

    @pytest.mark.parametrize("compression", [0, 1, 2, 3, 6])
    def test_no_bits_around_nothing_refused(self, compression):
        with pytest.raises(ImageCorrupt, match="cannot be"):
            examine(other_pictures.bmp_around(b"", compression))

    @pytest.mark.parametrize(
        ("runs", "options"),
        [
            (ROWS + b"\0\1", {}),
            (b"\0\1", {}),
            (b"\0\2\5\2\3\7\0\1", {}),
            (b"\0\3abc\0\0\0" + b"\0\1", {}),
            (b"\0\5\x12\x34\x50\0\0\1", {"bits": 4}),
            (b"\0\0" * 4 + b"\0\1", {}),
        ],
    )
    def test_runs_that_leave_pixels_out_kept(self, runs, options):
        data = other_pictures.run_length_bmp(runs, **options)
        made, back = there_and_back(data)
        assert (made.warnings, back.data, back.media_type) == (("not-decoded",), data, "image/bmp")
        with pytest.raises(UnsupportedFormat, match="run-length encoded BMP"):
            decode_shown(survey(data))

    @pytest.mark.parametrize(
        "runs",
        [
            ROWS,
            ROWS + b"\0",
            b"\x09\1\0\0\0\1",
            b"\x08\1\x01\1\0\1",
            b"\0\0" * 5 + b"\0\1",
            b"\0\0" * 4 + b"\1\1\0\1",
            b"\0\2\x09\0\0\1",
            b"\0\2\1",
            b"\0\x06abc",
        ],
    )
    def test_truncated_or_outside_runs_are_refused(self, runs):
        data = other_pictures.run_length_bmp(runs)
        with pytest.raises(ImageCorrupt):
            encrypt(data)

    def test_runs_of_another_depth_than_declared_refused(self):
        data = bytearray(other_pictures.run_length_bmp(b"\0\1"))
        data[30] = 2
        with pytest.raises(ImageCorrupt):
            encrypt(bytes(data))


class TestDamage:
    """A file that a decoder opens and finds damaged is refused, and not kept as another format."""

    def test_damaged_strips_refused(self):
        data = bytearray(pictures.as_tiff(pictures.make(), compression="tiff_adobe_deflate"))
        data[8:12] = bytes(4)
        with pytest.raises(ImageCorrupt):
            encrypt(bytes(data))

    @pytest.mark.slow
    def test_words_of_decoder_stay_inside(self):
        data = bytearray(pictures.as_tiff(pictures.make(), compression="tiff_lzw"))
        data[8:12] = bytes(4)
        with pytest.raises(ImageCorrupt) as refused:
            encrypt(bytes(data))
        assert str(refused.value) == "the decoder finds the pixels damaged"
