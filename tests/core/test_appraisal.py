import io
import json

import numpy as np
import pytest
from PIL import Image

from shield_core import appraisal
from shield_core.appraisal import STEPS, appraise, fresh_cipher
from shield_core.errors import Cancelled, ImageCorrupt, ImageEmpty, PicturesDiffer
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from shield_core.keys.stanzas import PlainWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum.sources import OsSource
from tests.support import pictures


def encrypt(data, **options):
    return encrypt_image(data, source=OsSource(), wraps=[PlainWrap()], **options)


def resave(data):
    """Save the image like another program: keep the pixels and drop the chunk."""
    with Image.open(io.BytesIO(data)) as image:
        return pictures.as_png(image)


@pytest.fixture(scope="module")
def photo():
    return pictures.as_png(pictures.make(200, 150))


class TestOurOwn:
    def test_an_encrypted_image_gets_an_a(self, photo):
        encrypted = encrypt(photo)
        analysis = appraise(photo, encrypted.png, timings_ms=encrypted.timings_ms)
        assert analysis["security_grade"]["letter"] == "A"
        assert analysis["metrics"]["key_space_bits"] == 256
        assert analysis["metrics"]["npcr"]["between_ciphertexts"] > 99
        assert analysis["metrics"]["timings_ms"] == encrypted.timings_ms
        assert len(analysis["charts"]["histogram_comparison"]["original"]) == 256
        json.dumps(analysis, allow_nan=False)

    def test_samples_are_those_of_the_file(self, photo):
        """An ordinary PNG reader and the product's must see the same noise."""
        encrypted = bytes(encrypt(photo).png)
        ours, ordinary = appraise(photo, encrypted), appraise(photo, resave(encrypted))
        assert ours["charts"]["histogram_comparison"] == ordinary["charts"]["histogram_comparison"]
        assert ours["metrics"]["mse"] == ordinary["metrics"]["mse"]

    @pytest.mark.parametrize(
        "data", [pictures.palette(width=300, height=200), pictures.as_jpeg(pictures.make(300, 200))]
    )
    def test_the_file_layout_has_another_size(self, data):
        analysis = appraise(data, encrypt(data, layout=Layout.FILE).png)
        assert analysis["pictures"]["encrypted"]["holds_file"] is True
        assert analysis["metrics"]["mse"] is None
        assert analysis["metrics"]["npcr"]["between_ciphertexts"] > 99

    def test_16_bits(self):
        data = pictures.gray16_png(width=160, height=120)
        analysis = appraise(data, encrypt(data).png)
        assert analysis["pictures"]["encrypted"]["bit_depth"] == 16
        assert analysis["security_grade"]["letter"] == "A"

    def test_regions_are_read_but_not_graded(self, photo):
        analysis = appraise(photo, encrypt(photo, regions=(Region(10, 10, 90, 70),)).png)
        assert analysis["regions"]["share_encrypted"] == pytest.approx(90 * 70 / (200 * 150))
        assert analysis["security_grade"]["letter"] is None
        assert analysis["metrics"]["npcr"]["between_ciphertexts"] is None

    def test_resaved_image_is_measured_as_plain_picture(self, photo):
        encrypted = bytes(encrypt(photo).png)
        other_header = pictures.insert_chunk(resave(encrypted), b"qsIS", b"QSIS of another version")
        for data in (resave(encrypted), other_header):
            analysis = appraise(photo, data)
            assert analysis["metrics"]["key_space_bits"] is None
            assert analysis["metrics"]["npcr"]["between_ciphertexts"] is None
            assert analysis["security_grade"]["letter"] == "B"

    def test_a_damaged_file_is_refused(self, photo):
        damaged = bytearray(encrypt(photo).png)
        damaged[len(damaged) // 2] ^= 1
        with pytest.raises(ImageCorrupt):
            appraise(photo, damaged)


class TestAnyTwo:
    def test_a_picture_against_itself_gets_an_f(self, photo):
        assert appraise(photo, photo)["security_grade"]["letter"] == "F"

    def test_other_sizes_are_refused(self, photo):
        with pytest.raises(PicturesDiffer, match="200 x 150"):
            appraise(photo, pictures.as_png(pictures.make(150, 200)))

    @pytest.mark.parametrize("broken", [b"", b"\x89PNG\r\n\x1a\n"])
    def test_broken_ones_are_refused(self, photo, broken):
        for first, second in ((broken, photo), (photo, broken)):
            with pytest.raises((ImageEmpty, ImageCorrupt)):
                appraise(first, second)


class TestFreshCipher:
    def test_every_call_has_a_key_of_its_own(self):
        cipher = fresh_cipher()
        first, second = (cipher(np.zeros((400, 3), np.uint8)) for _ in range(2))
        assert first.shape == (400, 3)
        assert (first == second).mean() < 0.1


class TestProgress:
    @pytest.mark.parametrize("threads", [1, 2])
    def test_progress_adds_up_for_any_analysis(self, photo, threads):
        for encrypted in (encrypt(photo).png, photo):
            told = []
            appraise(photo, encrypted, threads=threads, progress=told.append)
            assert sum(told) == STEPS
            assert min(told) > 0
            assert len(told) >= 3

    def test_exception_of_progress_ends_the_work(self, photo):
        def stop(_):
            raise Cancelled

        with pytest.raises(Cancelled):
            appraise(photo, photo, progress=stop)

    def test_two_threads_measure_the_same(self, photo, monkeypatch):
        monkeypatch.setattr(appraisal, "fresh_cipher", lambda **_: lambda samples: samples[::-1].copy())
        encrypted = encrypt(photo).png
        assert appraise(photo, encrypted) == appraise(photo, encrypted, threads=2)
