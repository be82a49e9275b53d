import dataclasses
import io
import itertools
from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shield_core.cipher import reference
from shield_core.cipher.purity import Purity
from shield_core.encrypted import metadata, png, tag
from shield_core.encrypted.header import pack
from shield_core.errors import (
    DecryptionError,
    HeaderInvalid,
    HeaderMissing,
    LayoutNotExact,
    MacMismatch,
    PayloadInvalid,
    RegionInvalid,
    TooManyPixels,
    UnsupportedFormat,
)
from shield_core.image.payload import Layout
from shield_core.image.regions import Region, normalize
from shield_core.keys import keyfile, schedule
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.progress import Stage, overall_percent
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import DeterministicSource
from tests.support import pictures

OPEN = [PlainOpen()]
MODES = ["L", "LA", "RGB", "RGBA", "I;16"]
SMALL = pictures.as_png(pictures.make(7, 5, "L"))
SMALL_REGIONS = [Region(1, 1, 3, 3), Region(2, 0, 3, 2)]
LARGE = [Region(40, 30, 90, 70), Region(100, 5, 60, 60)]


def encrypt(data=SMALL, regions=SMALL_REGIONS, **options):
    return encrypt_image(data, regions=regions, **{"source": DeterministicSource(7), "wraps": [PlainWrap()]} | options)


def decrypt(made, **options):
    return decrypt_image(made.png, made.key_file_bytes, openers=OPEN, **options)


def keys_of(made):
    return schedule.derive(keyfile.unlock(made.key_file, OPEN), made.key_file.nonce)


def mask(regions, width, height):
    """Return which pixels are inside a rectangle, by checking each pixel."""
    inside = np.zeros((height, width), bool)
    for y, x in itertools.product(range(height), range(width)):
        inside[y, x] = any(r.x <= x < r.x + r.width and r.y <= y < r.y + r.height for r in regions)
    return inside


def stored_samples(data, mode):
    stored = pictures.pixels(data)
    return (stored.astype(">u2") if mode == "I;16" else stored).tobytes()


def oracle(data, mode, regions, keys):
    """docs/reference/format.md, Regions, step by step: the samples of the encrypted image, in plain Python."""
    height, width = pictures.pixels(data).shape[:2]
    stored = np.frombuffer(stored_samples(data, mode), np.uint8)
    pixels = [bytes(pixel) for pixel in stored.reshape(width * height, -1)]
    places = np.flatnonzero(mask(regions, width, height))
    size = len(pixels[0])
    noise = reference.stream(b"".join(pixels[place] for place in places), keys.stream)
    for target, origin in zip(places, reference.order(len(places), keys.permutation), strict=True):
        pixels[target] = noise[origin * size : (origin + 1) * size]
    return b"".join(pixels)


@st.composite
def redactions(draw):
    """Draw the size of a picture, and rectangles in it."""
    width, height = draw(st.integers(1, 24)), draw(st.integers(1, 24))

    def one():
        x, y = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
        return Region(x, y, draw(st.integers(1, width - x)), draw(st.integers(1, height - y)))

    return width, height, list(dict.fromkeys(one() for _ in range(draw(st.integers(1, 9)))))


@pytest.fixture(scope="module")
def small():
    """A picture of 35 gray pixels, 13 of them encrypted."""
    return encrypt()


class TestRoundTrip:
    @pytest.mark.slow
    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("mode", MODES)
    @settings(max_examples=15, deadline=None)
    @given(redaction=redactions())
    def test_any_regions_of_any_samples(self, mode, threads, redaction):
        width, height, regions = redaction
        data = pictures.as_png(pictures.make(width, height, mode))
        made = encrypt(data, regions, threads=threads)
        assert png.read(made.png).samples.tobytes() == oracle(data, mode, regions, keys_of(made))
        back = decrypt(made, threads=threads)
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("mode", MODES)
    def test_everything_outside_stays_and_everything_inside_changes(self, mode, threads):
        """Of 11,000 bytes of noise, 43 are unchanged by chance; 200 is more than twenty deviations away."""
        data = pictures.as_png(pictures.make(180, 130, mode))
        before = np.frombuffer(stored_samples(data, mode), np.uint8).reshape(130, 180, -1)
        after = png.read(encrypt(data, LARGE, threads=threads).png).samples.reshape(before.shape)
        inside = mask(LARGE, 180, 130)
        assert np.array_equal(before[~inside], after[~inside])
        same = (before[inside] == after[inside]).sum()
        assert same < 200 * before.shape[2]

    @pytest.mark.parametrize(
        ("data", "media_type"),
        [
            (pictures.with_icc(pictures.make(), exif=pictures.exif(1)), "image/png"),
            (pictures.as_bmp(pictures.make()), "image/bmp"),
            (pictures.as_bmp(pictures.make(mode="L")), "image/bmp"),
            (pictures.as_tiff(pictures.make()), "image/tiff"),
            (pictures.as_tiff(pictures.make(mode="RGBA"), compression="tiff_lzw"), "image/tiff"),
            (pictures.as_tiff(pictures.make(mode="I;16")), "image/tiff"),
            (pictures.as_jpeg(pictures.make()), "image/png"),
            (pictures.as_webp(pictures.make(), lossless=True), "image/png"),
        ],
        ids=["png", "bmp", "gray bmp", "tiff", "lzw tiff", "tiff 16", "jpeg", "webp"],
    )
    def test_every_format(self, data, media_type):
        regions = [Region(10, 10, 30, 20), Region(20, 5, 5, 40)]
        made = encrypt(data, regions)
        back = decrypt(made)
        assert (made.layout, back.layout, back.media_type) == (Layout.PIXELS, Layout.PIXELS, media_type)
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))

    def test_of_a_jpeg_the_decoded_pixels_stand_outside(self):
        data = pictures.as_jpeg(pictures.make())
        made = encrypt(data, [Region(0, 0, 64, 24)])
        assert np.array_equal(pictures.pixels(made.png)[24:], pictures.pixels(data)[24:])
        assert "comes back as PNG" in made.layout_reason

    def test_the_whole_picture_and_a_single_pixel(self):
        for regions in ([Region(0, 0, 7, 5)], [Region(6, 4, 1, 1)]):
            assert np.array_equal(pictures.pixels(decrypt(encrypt(regions=regions)).data), pictures.pixels(SMALL))

    def test_kept_metadata_come_back(self):
        data = pictures.with_icc(pictures.make(), exif=pictures.exif(1))
        assert pictures.chunks_of(decrypt(encrypt(data)).data)[1:-2] == pictures.chunks_of(data)[1:-2]

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("purity", list(Purity))
    def test_every_purity_with_material_for_the_regions_alone(self, purity, threads):
        data = pictures.as_png(pictures.make(180, 130))
        source = DeterministicSource(7)
        made = encrypt(data, LARGE, purity=purity, source=source, pool=BitPool(source), threads=threads)
        back = decrypt(made, material=made.material, threads=threads)
        assert made.quantum_purity["served"] == purity
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))
        outside = ~mask(LARGE, 180, 130)
        assert np.array_equal(pictures.pixels(made.png)[outside], pictures.pixels(data)[outside])
        if purity is Purity.MAXIMUM:
            pixels = made.share_encrypted * 180 * 130
            assert 7 * pixels < made.material.nbytes < 8 * pixels  # 3 bytes of picture and 4 of order, a pixel

    def test_many_buckets(self):
        data = pictures.sample("astronaut.png")
        made = encrypt(data, [Region(5, 5, 500, 500)], threads=2)
        assert np.array_equal(pictures.pixels(decrypt(made, threads=2).data), pictures.pixels(data))


class TestWhatItSays:
    def test_regions_share_and_layout(self, small):
        assert small.regions == (Region(2, 0, 3, 2), Region(1, 1, 3, 3))
        assert small.share_encrypted == pytest.approx(13 / 35)
        assert (small.layout, small.layout_reason) == (Layout.PIXELS, "regions are encrypted as pixels")
        assert png.read(small.png).header.regions == small.regions

    def test_without_regions_all_of_it(self):
        made = encrypt(regions=())
        assert (made.regions, made.share_encrypted) == ((), 1.0)
        assert png.read(made.png).header.regions == ()
        assert made.warnings == ()

    def test_metadata_digest_covers_encrypted_pixels_only(self, small):
        header = png.read(small.png).header
        about = metadata.decrypt(
            header.metadata, keys_of(small).metadata, purity="balanced", statement_sha256=small.statement_sha256
        )
        inside = pictures.pixels(SMALL)[mask(SMALL_REGIONS, 7, 5)]
        assert about["payload_sha256"] == sha256(inside.tobytes()).hexdigest()
        assert about["original_sha256"] == sha256(SMALL).hexdigest()

    def test_result_contains_no_metadata(self):
        """A thumbnail in EXIF shows what the rectangle hides."""
        image = pictures.make()
        data = pictures.with_icc(image, exif=pictures.exif(1, "the secret description"))
        made = encrypt(data, [Region(0, 0, 64, 40)])
        assert [name for name, _ in pictures.chunks_of(made.png)] == [b"IHDR", b"qsIS", b"IDAT", b"IEND"]
        assert b"the secret description" in data
        assert b"the secret description" not in bytes(made.png)

    def test_anyone_sees_the_rest_with_an_ordinary_viewer(self, small):
        with Image.open(io.BytesIO(small.png)) as image:
            outside = ~mask(SMALL_REGIONS, 7, 5)
            assert np.array_equal(np.array(image)[outside], pictures.pixels(SMALL)[outside])

    @pytest.mark.parametrize(("side", "told"), [(63, True), (64, False)])
    def test_warns_of_a_region_below_4096_pixels(self, side, told):
        data = pictures.as_png(pictures.make(100, 70, "L"))
        assert encrypt(data, [Region(3, 3, 64, side)]).warnings == (("region-small",) if told else ())

    @pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF"])
    @pytest.mark.parametrize(("orientation", "told"), [(1, False), (6, True)])
    def test_warns_where_viewers_turn_the_picture(self, kind, orientation, told):
        data = pictures.with_exif(pictures.make(80, 70), kind, orientation)
        assert encrypt(data, [Region(0, 0, 70, 70)]).warnings == (("orientation-not-applied",) if told else ())
        assert "orientation-not-applied" not in encrypt(data, ()).warnings

    def test_progress_counts_encrypted_pixels_and_completes(self):
        reports = []
        data = pictures.as_bmp(pictures.make(1200, 900))
        made = encrypt(data, [Region(0, 0, 1000, 700)], progress=reports.append)
        encrypted_to = len(reports)
        decrypt(made, progress=reports.append)
        for job in (reports[:encrypted_to], reports[encrypted_to:]):
            percents = [overall_percent(report.stage, report.done, report.total) for report in job]
            assert percents == sorted(percents)
        for stage in (Stage.ENCRYPTING, Stage.AUTHENTICATING, Stage.VERIFYING):
            inside = [report for report in reports if report.stage is stage]
            assert inside[-1].done == inside[-1].total


class TestRefusals:
    @pytest.mark.parametrize(
        "regions",
        [
            [Region(0, 0, 8, 1)],
            [Region(7, 0, 1, 1)],
            [Region(0, 0, 0, 1)],
            [Region(1, 1, 1, 1), Region(1, 1, 1, 1)],
            [Region(True, 0, 1, 1)],
            [Region(x, y, 1, 1 + z) for x in range(7) for y in range(4) for z in range(2)] + SMALL_REGIONS * 5,
        ],
        ids=["outside", "beside", "empty", "twice", "boolean", "too many"],
    )
    def test_regions_that_do_not_fit(self, regions):
        with pytest.raises(RegionInvalid):
            encrypt(regions=regions)

    @pytest.mark.parametrize(
        "data",
        [
            pictures.palette(),
            pictures.cmyk(),
            pictures.animated(),
            pictures.rgb16_png(),
            pictures.as_webp(pictures.make()),
            pictures.animated("TIFF"),
        ],
        ids=["palette", "cmyk", "animated", "16-bit color", "lossy webp", "pages"],
    )
    @pytest.mark.parametrize("layout", [Layout.AUTO, Layout.PIXELS])
    def test_pictures_whose_pixels_do_not_come_back(self, data, layout):
        with pytest.raises(LayoutNotExact, match="without regions"):
            encrypt(data, [Region(0, 0, 2, 2)], layout=layout)

    def test_beside_the_layout_file(self):
        with pytest.raises(RegionInvalid, match="whole file"):
            encrypt(layout=Layout.FILE)


class TestTampering:
    @pytest.mark.slow
    def test_every_flipped_bit_is_refused(self, small):
        """Inside the regions and outside, in their list, and in everything around."""
        for bit in range(8 * len(small.png)):
            changed = bytearray(small.png)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises((DecryptionError, HeaderMissing, UnsupportedFormat, TooManyPixels)):
                decrypt_image(changed, small.key_file, openers=OPEN)

    @pytest.mark.parametrize("place", range(35))
    def test_edited_pixel_in_valid_file_is_refused(self, small, place):
        parsed = png.read(small.png)
        samples = parsed.samples.copy()
        samples[place, 0] ^= 1
        with pytest.raises(MacMismatch):
            decrypt_image(png.write(parsed.header, parsed.tag, samples), small.key_file, openers=OPEN)

    @pytest.mark.parametrize(
        "regions",
        [
            (),
            (Region(0, 0, 7, 5),),
            (Region(2, 0, 3, 2),),
            (Region(2, 0, 3, 2), Region(1, 1, 3, 2)),
            (Region(2, 0, 3, 2), Region(1, 1, 3, 3), Region(0, 4, 1, 1)),
        ],
    )
    def test_another_list_in_a_sound_file(self, small, regions):
        parsed = png.read(small.png)
        header = dataclasses.replace(parsed.header, regions=regions)
        with pytest.raises(MacMismatch):
            decrypt_image(png.write(header, parsed.tag, parsed.samples), small.key_file, openers=OPEN)

    @pytest.mark.parametrize("regions", [(), (Region(1, 1, 3, 3),), (Region(0, 0, 7, 5),)])
    def test_a_list_that_is_authentic_and_untrue(self, small, regions):
        """Made with the right keys by a faulty writer: the digest of the payload shows it."""
        parsed = png.read(small.png)
        header = dataclasses.replace(parsed.header, regions=regions)
        mac = tag.compute(keys_of(small).mac, pack(header), parsed.samples)
        with pytest.raises(PayloadInvalid):
            decrypt_image(png.write(header, mac, parsed.samples), small.key_file, openers=OPEN)

    @pytest.mark.parametrize(
        "regions",
        [
            [(2, 0, 3, 2), (1, 1, 3, 3)][::-1],
            [(2, 0, 3, 2), (2, 0, 3, 2)],
            [(2, 0, 3, 2), (1, 1, 7, 3)],
            [(2, 0, 3, 2), (1, 1, 3, 0)],
            [(2, 0, 3, 2), (1, 1, 2**32 - 1, 3)],
            [(x, y, w, h) for y in range(4) for x in range(6) for h in (1, 2) for w in (1, 2)][:65],
        ],
        ids=["unsorted", "twice", "outside", "empty", "overflowing", "sixty-five"],
    )
    def test_invalid_list_is_refused_before_any_key(self, small, regions):
        parsed = png.read(small.png)
        listed = b"".join(number.to_bytes(4, "big") for region in regions for number in region)
        packed = pack(parsed.header)
        front = packed[:124] + len(regions).to_bytes(2, "big") + listed + packed[126 + 32 :]
        image = bytes(small.png)
        start = image.index(b"qsIS") - 4
        end = start + 12 + int.from_bytes(image[start : start + 4], "big")
        forged = image[:start] + pictures.chunk(b"qsIS", front + parsed.tag) + image[end:]
        with pytest.raises(HeaderInvalid):
            decrypt_image(forged, small.key_file, openers=[])

    def test_same_forgery_with_true_list_decrypts(self, small):
        """It shows that the refusals above are caused by the list and not by the way it is inserted."""
        regions = normalize(SMALL_REGIONS, width=7, height=5)
        listed = b"".join(n.to_bytes(4, "big") for r in regions for n in (r.x, r.y, r.width, r.height))
        packed = pack(png.read(small.png).header)
        assert packed[124 : 126 + 32] == b"\x00\x02" + listed
