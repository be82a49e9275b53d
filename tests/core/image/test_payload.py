import hashlib
import io
import struct
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageFile

from shield_core.errors import ImageCorrupt, ImageError, LayoutNotExact, TooManyPixels
from shield_core.image.intake import examine
from shield_core.image.payload import Layout, build
from shield_core.keys import canonical
from tests.support import pictures


def take(data, layout=Layout.AUTO, file_name=None):
    return build(data, examine(data), layout=layout, file_name=file_name)


class TestLayout:
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    def test_auto_takes_the_pixels_where_they_say_everything(self, mode):
        image = pictures.make(mode=mode)
        payload = take(pictures.as_png(image))
        assert payload.layout is Layout.PIXELS
        assert (payload.width, payload.height) == image.size
        assert "samples" in payload.reason

    @pytest.mark.parametrize(
        ("data", "word"),
        [
            (pictures.as_jpeg(pictures.make()), "JPEG"),
            (pictures.as_webp(pictures.make()), "WebP"),
            (pictures.palette(), "palette"),
            (pictures.cmyk(), "CMYK"),
            (pictures.rgb16_png(), "16-bit RGB"),
            (pictures.animated("PNG"), "animated"),
            (pictures.animated("WEBP"), "animated"),
            (pictures.animated("TIFF"), "3 pages"),
        ],
    )
    def test_auto_takes_the_file_where_they_do_not(self, data, word):
        payload = take(data)
        assert payload.layout is Layout.FILE
        assert word in payload.reason
        assert payload.samples.tobytes().find(data) == 8

    def test_requested_file_layout_is_used_for_exact_picture(self):
        payload = take(pictures.as_png(pictures.make()), Layout.FILE)
        assert (payload.layout, payload.reason) == (Layout.FILE, "asked for")

    @pytest.mark.parametrize("layout", list(Layout))
    def test_bmp_with_too_many_colors_is_taken(self, layout):
        data = bytearray(pictures.encode(pictures.make(mode="L"), "BMP"))
        data[46:50] = (300).to_bytes(4, "little")  # Pillow refuses to read it
        assert take(bytes(data), layout).samples.size

    def test_requested_pixels_of_jpeg_are_taken(self):
        data = pictures.as_jpeg(pictures.make())
        payload = take(data, Layout.PIXELS)
        assert payload.layout is Layout.PIXELS
        assert "comes back as PNG" in payload.reason
        assert np.array_equal(payload.samples.reshape(48, 64, 3), pictures.pixels(data))

    def test_requested_pixels_of_lossless_webp_are_taken(self):
        data = pictures.as_webp(pictures.make(mode="RGBA"), lossless=True, exact=True)
        assert np.array_equal(take(data, Layout.PIXELS).samples.reshape(48, 64, 4), pictures.pixels(data))

    @pytest.mark.parametrize(
        "data",
        [
            pictures.as_webp(pictures.make()),
            pictures.palette(),
            pictures.cmyk(),
            pictures.rgb16_png(),
            pictures.animated("PNG"),
            pictures.as_bmp(pictures.make(mode="RGBA")),
            pictures.as_tiff(pictures.make(), compression="jpeg"),
        ],
    )
    def test_requested_pixels_of_others_refused_with_reason(self, data):
        with pytest.raises(LayoutNotExact) as caught:
            take(data, Layout.PIXELS)
        assert examine(data).reason in str(caught.value)

    def test_jpeg_with_too_much_exif_refused_as_pixels(self):
        block = b"Exif\x00\x00" + bytes(65_000)
        segment = b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block
        data = pictures.as_jpeg(pictures.make())
        with pytest.raises(LayoutNotExact, match="more than 3 MB"):
            take(data[:2] + 60 * segment + data[2:], Layout.PIXELS)


class TestSamples:
    @pytest.mark.parametrize(("kind", "mode"), pictures.EXACT)
    def test_are_the_pixels_row_by_row(self, kind, mode):
        image = pictures.make(63, 31, mode=mode)
        payload = take(pictures.encode(image, kind))
        order = ">u2" if mode == "I;16" else "u1"
        assert payload.samples.tobytes() == np.array(image).astype(order).tobytes()

    @pytest.mark.parametrize("order", ["<", ">"])
    @pytest.mark.parametrize("compression", [None, "zlib"])
    def test_of_16_bits_are_big_endian(self, order, compression):
        numbers = np.array(pictures.make(mode="I;16"))
        out = io.BytesIO()
        tifffile.imwrite(out, numbers, byteorder=order, compression=compression, photometric="minisblack")
        payload = take(out.getvalue())
        assert (payload.bit_depth, payload.color_type, payload.layout) == (16, 0, Layout.PIXELS)
        assert payload.samples.tobytes() == numbers.astype(">u2").tobytes()

    def test_samples_of_16_bit_png_are_unchanged(self):
        image = pictures.make(mode="I;16")
        assert take(pictures.as_png(image)).samples.tobytes() == np.array(image).astype(">u2").tobytes()

    @pytest.mark.parametrize("size", [(1, 1), (2, 9), (64, 48), (61, 43)])
    def test_of_an_interlaced_png_are_in_order(self, size):
        image = pictures.make(*size)
        payload = take(pictures.interlaced_png(image))
        assert payload.layout is Layout.PIXELS
        assert payload.samples.tobytes() == image.tobytes()

    @pytest.mark.parametrize("orientation", range(1, 9))
    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_are_never_turned(self, kind, orientation):
        """Pillow rotates a TIFF by its orientation while it decodes."""
        image = pictures.make(64, 48)
        payload = take(pictures.with_exif(image, kind, orientation))
        assert (payload.width, payload.height) == (64, 48)
        assert payload.samples.tobytes() == image.tobytes()

    def test_samples_of_top_down_bmp_are_in_order(self):
        image = pictures.make(5, 3)
        rows = [bytes(row[:, ::-1].tobytes()) + b"\x00" for row in np.array(image)]
        header = struct.pack("<IiiHHIIiiII", 40, 5, -3, 1, 24, 0, 0, 0, 0, 0, 0)
        data = b"BM" + struct.pack("<IHHI", 54 + 48, 0, 0, 54) + header + b"".join(rows)
        assert take(data).samples.tobytes() == image.tobytes()

    def test_are_owned_writable_and_contiguous(self):
        for layout in Layout:
            samples = take(pictures.as_png(pictures.make()), layout).samples
            assert samples.flags.writeable
            assert samples.flags.c_contiguous
            assert samples.dtype == np.uint8
            assert samples.ndim == 2

    @pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (3, 2)])
    def test_of_the_smallest_pictures_are_taken(self, size):
        image = pictures.make(*size)
        assert take(pictures.as_png(image)).samples.tobytes() == image.tobytes()


class TestMetadata:
    def test_names_the_hashes_of_samples_and_file(self):
        data = pictures.as_png(pictures.make())
        payload = take(data)
        assert payload.metadata["original_sha256"] == hashlib.sha256(data).hexdigest()
        assert payload.metadata["payload_sha256"] == hashlib.sha256(payload.samples.tobytes()).hexdigest()

    @pytest.mark.parametrize("kind", ["PNG", "TIFF", "JPEG"])
    @pytest.mark.parametrize("layout", [Layout.PIXELS, Layout.FILE])
    def test_has_a_canonical_form(self, kind, layout):
        data = pictures.encode(pictures.make(), kind, exif=pictures.exif(), icc_profile=pictures.icc(), dpi=(300, 300))
        metadata = take(data, layout, "a\ud800.png").metadata
        assert canonical.loads(canonical.dumps(metadata)) == metadata

    def test_keeps_only_a_harmless_name(self):
        assert take(pictures.palette(), file_name="../../x\x00y.png").metadata["source"]["file_name"] == "xy.png"

    def test_unlisted_tiff_tags_are_dropped_with_warning(self):
        out = io.BytesIO()
        tifffile.imwrite(out, np.array(pictures.make()), photometric="rgb", extratags=[(50000, 2, 4, "abc", True)])
        assert "metadata-dropped" in take(out.getvalue(), Layout.PIXELS).warnings
        assert take(out.getvalue(), Layout.FILE).warnings == ()


class TestDamage:
    """A full decode finds damage in every layout."""

    @pytest.mark.parametrize("layout", [Layout.PIXELS, Layout.FILE])
    def test_every_flipped_bit_of_a_png_is_found(self, layout):
        whole = pictures.as_png(pictures.make(6, 5))
        for at in range(8 * 33, 8 * len(whole), 5):
            damaged = bytearray(whole)
            damaged[at // 8] ^= 1 << at % 8
            with pytest.raises(ImageError):
                take(bytes(damaged), layout)

    @pytest.mark.parametrize("rows", [0, 1, 4, 6, 1000])
    def test_image_data_of_another_length_are_found(self, rows):
        data = pictures.png(
            pictures.ihdr(8, 5, 8, 0), pictures.chunk(b"IDAT", zlib.compress(bytes(9) * rows)), pictures.chunk(b"IEND")
        )
        with pytest.raises(ImageCorrupt, match=r"shorter|longer"):
            take(data)

    def test_image_data_without_their_checksum_are_found(self):
        body = zlib.compress(bytes(9) * 5)[:-4]
        with pytest.raises(ImageCorrupt):
            take(pictures.png(pictures.ihdr(8, 5, 8, 0), pictures.chunk(b"IDAT", body), pictures.chunk(b"IEND")))

    def test_bytes_behind_the_compressed_stream_are_warned_of(self):
        body = zlib.compress(bytes(9) * 5)
        for parts in ([body + b"more"], [body, b"more"]):
            chunks = [pictures.chunk(b"IDAT", part) for part in parts]
            payload = take(pictures.png(pictures.ihdr(8, 5, 8, 0), *chunks, pictures.chunk(b"IEND")))
            assert payload.warnings == ("trailing-data",)

    @pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate", "jpeg"])
    def test_damaged_strips_of_a_tiff_are_found(self, compression, capfd):
        whole = bytearray(pictures.as_tiff(pictures.make(), compression=compression))
        whole[8:40] = b"\xaa" * 32
        with pytest.raises(ImageCorrupt):
            take(bytes(whole))

    def test_a_damaged_webp_is_found(self):
        whole = bytearray(pictures.as_webp(pictures.make()))
        whole[30:] = b"\xaa" * (len(whole) - 30)
        with pytest.raises(ImageCorrupt):
            take(bytes(whole))

    def test_a_jpeg_without_its_tables_is_found(self):
        whole = pictures.as_jpeg(pictures.make())
        at = whole.index(b"\xff\xdb")
        size = int.from_bytes(whole[at + 2 : at + 4], "big")
        with pytest.raises(ImageCorrupt):
            take(whole[:at] + whole[at + 2 + size :])

    def test_a_later_frame_is_decoded_as_well(self):
        whole = pictures.animated("WEBP")
        at = whole.rindex(b"ANMF") + 8 + 16 + 8 + 10
        with pytest.raises(ImageCorrupt):
            take(whole[:at] + b"\xff" * (len(whole) - at))

    def test_a_later_page_is_decoded_as_well(self, capfd):
        pages = [pictures.make(seed=seed) for seed in range(2)]
        whole = pictures.encode(
            pages[0], "TIFF", save_all=True, append_images=pages[1:], compression="tiff_adobe_deflate"
        )
        at = whole.rindex(b"\x78\x9c")
        with pytest.raises(ImageCorrupt):
            take(whole[:at] + b"\xaa" * 20 + whole[at + 20 :])

    def test_facts_of_another_picture_are_refused(self):
        with pytest.raises(ImageCorrupt):
            build(pictures.palette(), examine(pictures.cmyk()))


class TestBombs:
    def test_oversized_image_data_stop_early(self):
        bomb = zlib.compress(bytes(40_000_000), 9)
        with pytest.raises(ImageCorrupt, match="longer"):
            take(pictures.png(pictures.ihdr(8, 5, 8, 0), pictures.chunk(b"IDAT", bomb), pictures.chunk(b"IEND")))

    @pytest.mark.parametrize("name", [b"zTXt", b"iCCP"])
    def test_text_and_profiles_are_kept_without_expanding_them(self, name):
        bomb = zlib.compress(bytes(40_000_000), 9)
        payload = take(pictures.insert_chunk(pictures.as_png(pictures.make()), name, b"k\x00\x00" + bomb))
        assert payload.layout is Layout.PIXELS

    def test_picture_over_limit_never_reaches_the_decoder(self, monkeypatch):
        monkeypatch.setattr(Image, "open", None)
        with pytest.raises(TooManyPixels):
            examine(pictures.png(pictures.ihdr(30_000, 30_000), pictures.chunk(b"IEND")))

    def test_the_limits_of_the_decoder_hold_as_well(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
        with pytest.raises(ImageCorrupt):
            take(pictures.as_tiff(pictures.make()))

    def test_truncated_pictures_refused_despite_pillow_setting(self, monkeypatch):
        monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
        take(pictures.as_tiff(pictures.make()))
        assert ImageFile.LOAD_TRUNCATED_IMAGES is False

    def test_warnings_of_the_decoder_go_nowhere(self, recwarn):
        warnings.simplefilter("error")
        data = pictures.as_tiff(pictures.make(), compression="packbits")
        take(data)
        assert not recwarn.list
