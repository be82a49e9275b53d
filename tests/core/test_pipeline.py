import dataclasses
import io
import itertools
import re
from hashlib import sha256
from uuid import UUID

import numpy as np
import pytest
from PIL import Image

from shield_core.cipher import keystream, permutation
from shield_core.cipher.purity import Purity
from shield_core.encrypted import metadata, png, tag
from shield_core.encrypted._attempt import Attempt
from shield_core.encrypted.header import pack
from shield_core.errors import (
    Cancelled,
    CommitmentMismatch,
    DecryptionError,
    FileTooLarge,
    HeaderInvalid,
    HeaderMissing,
    ImageCorrupt,
    ImageEmpty,
    KeyFileInvalid,
    LayoutNotExact,
    MacMismatch,
    NoMatch,
    PayloadInvalid,
    ShieldError,
    SourceFailed,
    TooManyPixels,
    UnsupportedFormat,
)
from shield_core.image import intake, payload
from shield_core.image.limits import MAX_ENCRYPTED_BYTES
from shield_core.image.payload import Layout
from shield_core.keys import keyfile, schedule
from shield_core.keys.passphrase import Argon2
from shield_core.keys.stanzas import PassphraseOpen, PassphraseWrap, PlainOpen, PlainWrap, VaultOpen, VaultWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.progress import Stage, StageClock, ignore, overall_percent
from shield_core.quantum.keygen import Draw
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import DeterministicSource
from tests.support import pictures

KEY_ID = UUID("0190f5fe-7c00-7a00-8000-0123456789ab")
NONCE = bytes(range(24))
OPEN = [PlainOpen()]
SMALL = pictures.as_png(pictures.make(5, 4, "L"))


def encrypt(data=SMALL, **options):
    defaults = {"source": DeterministicSource(7), "wraps": [PlainWrap()], "key_id": KEY_ID}
    return encrypt_image(data, **(defaults | options))


def decrypt(image, key_file=None, openers=OPEN, **options):
    if key_file is None:
        return decrypt_image(image.png, image.key_file_bytes, openers=openers, **options)
    return decrypt_image(image, key_file, openers=openers, **options)


@pytest.fixture(scope="module")
def small():
    """A picture of twenty gray pixels, encrypted; its file as bytes, and its key file."""
    made = encrypt()
    return bytes(made.png), made.key_file_bytes


class TestRoundTrip:
    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("layout", [Layout.AUTO, Layout.PIXELS, Layout.FILE])
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    def test_png(self, mode, layout, threads):
        data = pictures.as_png(pictures.make(61, 43, mode))
        made = encrypt(data, layout=layout, threads=threads)
        back = decrypt(made, threads=threads)
        assert made.layout == back.layout == (Layout.FILE if layout is Layout.FILE else Layout.PIXELS)
        assert back.media_type == "image/png"
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))
        assert (back.data == data) or back.layout is Layout.PIXELS

    @pytest.mark.parametrize(
        ("data", "layout"),
        [
            (pictures.as_jpeg(pictures.make()), Layout.FILE),
            (pictures.as_bmp(pictures.make()), Layout.PIXELS),
            (pictures.as_tiff(pictures.make()), Layout.PIXELS),
            (pictures.as_webp(pictures.make(), lossless=True), Layout.FILE),
            (pictures.cmyk(), Layout.FILE),
            (pictures.palette(), Layout.FILE),
            (pictures.gray16_png(), Layout.PIXELS),
            (pictures.rgb16_png(), Layout.FILE),
            (pictures.animated(), Layout.FILE),
        ],
        ids=["jpeg", "bmp", "tiff", "webp", "cmyk", "palette", "gray 16", "rgb 16", "animated"],
    )
    def test_auto_takes_the_layout_that_is_exact(self, data, layout):
        made = encrypt(data)
        back = decrypt(made)
        assert made.layout == layout
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))
        assert back.data == data or layout is Layout.PIXELS

    def test_jpeg_as_pixels_comes_back_as_png(self):
        data = pictures.as_jpeg(pictures.make())
        back = decrypt(encrypt(data, layout=Layout.PIXELS, file_name="holiday.jpg"))
        assert (back.media_type, back.file_name) == ("image/png", "holiday.png")
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))

    def test_photograph_of_many_buckets(self):
        data = pictures.sample("astronaut.png")
        made = encrypt(data, file_name="astronaut.png")
        back = decrypt(made)
        assert back.file_name == "astronaut.png"
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))

    @pytest.mark.parametrize(("width", "height"), [(1, 1), (1, 2), (1, 300), (300, 1)])
    def test_smallest_pictures(self, width, height):
        data = pictures.as_png(pictures.make(width, height))
        assert np.array_equal(pictures.pixels(decrypt(encrypt(data)).data), pictures.pixels(data))

    @pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
    def test_takes_any_buffer_and_leaves_it(self, kind):
        given = kind(bytearray(SMALL))
        made = encrypt(given)
        image = kind(bytearray(made.png))
        decrypt(image, made.key_file_bytes)
        assert bytes(given) == SMALL
        assert bytes(image) == bytes(made.png)

    def test_key_file_may_be_parsed_already(self):
        made = encrypt()
        assert decrypt(bytes(made.png), made.key_file).key_id == KEY_ID


class TestEncryptImage:
    def test_result_is_noise_of_the_same_size(self):
        data = pictures.sample("astronaut.png")
        with Image.open(io.BytesIO(encrypt(data).png)) as noise, Image.open(io.BytesIO(data)) as original:
            assert (noise.size, noise.mode) == (original.size, original.mode)
            values = np.bincount(np.array(noise).reshape(-1), minlength=256)
        expected = values.sum() / 256
        assert ((values - expected) ** 2 / expected).sum() < 377  # chi-square of 255 degrees at 1 - 10^-6

    def test_every_attempt_has_keys_of_its_own(self):
        first, second = encrypt(), encrypt()
        assert first.key_file.nonce != second.key_file.nonce
        assert first.key_file.commitment != second.key_file.commitment
        assert png.read(first.png).samples.tobytes() != png.read(second.png).samples.tobytes()

    def test_no_public_function_takes_a_nonce(self):
        with pytest.raises(TypeError, match="nonce"):
            encrypt(nonce=NONCE)

    def test_image_key_file_and_statement_say_the_same(self):
        made = encrypt(job_id="job_1")
        parsed = png.read(made.png)
        keys = schedule.derive(keyfile.unlock(made.key_file, OPEN), made.key_file.nonce)
        about = metadata.decrypt(
            parsed.header.metadata, keys.metadata, purity="balanced", statement_sha256=made.statement_sha256
        )
        assert parsed.header_bytes == made.header_bytes == pack(parsed.header)
        assert parsed.tag == made.tag
        assert parsed.header.key_id == made.key_file.key_id == KEY_ID
        assert parsed.header.commitment == made.key_file.commitment == keys.commitment
        assert about["job_id"] == made.statement["job_id"] == "job_1"
        assert about["original_sha256"] == sha256(SMALL).hexdigest()
        assert made.key_file.statement_sha256 == made.statement_sha256
        assert keyfile.parse(made.key_file_bytes) == made.key_file

    def test_ids_are_made_where_none_are_given(self):
        made, other = encrypt(key_id=None), encrypt(key_id=None)
        assert made.key_file.key_id != other.key_file.key_id
        assert made.key_file.key_id.version == 7
        assert made.statement["job_id"] == f"key_{made.key_file.key_id.hex}"

    @pytest.mark.parametrize("purity", list(Purity))
    def test_purity_is_served_as_asked(self, purity):
        source = DeterministicSource(1)
        made = encrypt(purity=purity, source=source, pool=BitPool(source))
        assert made.quantum_purity == {"requested": purity, "served": purity, "reason": None}
        assert png.read(made.png).header.purity is purity
        assert (made.statement["pool"] is not None) == (purity is Purity.FAST)
        decrypt(made, material=made.material)

    def test_failing_source_does_not_fail_the_job(self):
        class Broken(DeterministicSource):
            def measure(self, n_bits):
                raise SourceFailed("out of order")

        made = encrypt(source=Broken())
        assert made.statement["degraded"]
        assert made.quantum_purity["reason"].startswith("degraded")
        decrypt(made)

    @pytest.mark.parametrize(
        ("data", "error"),
        [
            (b"", ImageEmpty),
            (b"not a picture", UnsupportedFormat),
            (pictures.as_png(pictures.make())[:-200], ImageCorrupt),
            (pictures.png(pictures.ihdr(20_001, 10_000)), TooManyPixels),
        ],
    )
    def test_what_is_no_picture_is_refused(self, data, error):
        with pytest.raises(error):
            encrypt(data)

    def test_pixels_of_what_is_not_exact_are_refused(self):
        with pytest.raises(LayoutNotExact):
            encrypt(pictures.palette(), layout=Layout.PIXELS)

    def test_too_much_metadata_is_refused_rather_than_cut(self, monkeypatch):
        monkeypatch.setattr(metadata, "MAX_METADATA", 100)
        with pytest.raises(LayoutNotExact):
            encrypt()

    def test_warnings_of_the_picture_come_out(self):
        made = encrypt(SMALL + b"tail")
        assert made.warnings == ("trailing-data",)
        assert made.facts.width == 5

    def test_secrets_do_not_show(self):
        made = encrypt()
        file_key = keyfile.unlock(made.key_file, OPEN)
        assert file_key.hex() not in repr(made)
        assert repr(file_key) not in repr(made)


class TestConsume:
    @pytest.mark.parametrize("layout", [Layout.PIXELS, Layout.FILE])
    @pytest.mark.parametrize(
        "data",
        [
            pictures.as_png(pictures.make(300, 200)),
            pictures.as_png(pictures.make(30, 20), compress_level=6, exif=pictures.exif()),
            pictures.as_jpeg(pictures.make()),
            pictures.as_bmp(pictures.make()),
            pictures.as_tiff(pictures.make()),
            pictures.as_webp(pictures.make(), lossless=True),
        ],
        ids=["PNG", "PNG with EXIF", "JPEG", "BMP", "TIFF", "WebP"],
    )
    def test_memory_of_the_file_is_given_back(self, data, layout):
        """No view of the original is left; otherwise the array could not be emptied."""
        original = bytearray(data)
        made = encrypt(original, layout=layout, consume=True)
        assert original == b""
        image = bytearray(made.png)
        back = decrypt(image, made.key_file_bytes, consume=True)
        assert image == b""
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))

    def test_only_where_it_is_asked_for(self):
        original = bytearray(SMALL)
        image = bytearray(encrypt(original).png)
        assert original == SMALL
        made = encrypt(SMALL, consume=True)
        decrypt(image := bytearray(made.png), made.key_file_bytes)
        assert image == made.png

    def test_buffer_with_another_view_is_kept(self):
        original = bytearray(SMALL)
        with memoryview(original) as view:
            encrypt(original, consume=True)
            assert view == SMALL


class TestProgress:
    @pytest.mark.slow
    @pytest.mark.parametrize("threads", [1, 2])
    def test_percentages_rise_through_every_stage(self, threads):
        reports = []
        data = pictures.as_bmp(pictures.make(1500, 1400))
        made = encrypt(data, progress=reports.append, threads=threads)
        decrypted_from = len(reports)
        decrypt(made, progress=reports.append, threads=threads)
        for job, stages in (
            (
                reports[:decrypted_from],
                [Stage.VALIDATING, Stage.GENERATING_QUANTUM_KEYS, Stage.ENCRYPTING, Stage.AUTHENTICATING],
            ),
            (reports[decrypted_from:], [Stage.VALIDATING, Stage.UNLOCKING, Stage.VERIFYING, Stage.DECRYPTING]),
        ):
            percents = [overall_percent(report.stage, report.done, report.total) for report in job]
            assert percents == sorted(percents)
            assert [stage for stage, _ in itertools.groupby(report.stage for report in job)] == stages

    @pytest.mark.slow
    def test_every_mebibyte_is_reported(self):
        reports = []
        data = pictures.as_bmp(pictures.make(2000, 1500))
        made = encrypt(data, progress=reports.append)
        decrypt(made, progress=reports.append)
        for stage in (Stage.ENCRYPTING, Stage.AUTHENTICATING, Stage.VERIFYING):
            inside = [report for report in reports if report.stage is stage]
            assert inside[-1].done == inside[-1].total
            steps = [after.done - before.done for before, after in itertools.pairwise(inside)]
            assert max(steps) <= 3 * (1 << 20)

    def test_stage_states_its_total_beforehand(self):
        reports = []
        samples = 3 * 900 * 800
        encrypt(pictures.as_bmp(pictures.make(900, 800)), progress=reports.append)
        for stage, work in ((Stage.ENCRYPTING, 3 * samples), (Stage.AUTHENTICATING, samples)):
            inside = [report for report in reports if report.stage is stage]
            assert {report.total for report in inside} == {work}
            assert inside[-1].done == work

    @pytest.mark.slow
    @pytest.mark.parametrize("stage", [Stage.VALIDATING, Stage.DECRYPTING])
    def test_decoder_and_encoder_report_as_well(self, stage):
        reports = []
        decrypt(encrypt(pictures.as_png(pictures.make(900, 800)), progress=reports.append), progress=reports.append)
        inside = [report for report in reports if report.stage is stage and report.total]
        assert len({report.done for report in inside}) > 8
        assert inside[-1].done == inside[-1].total

    def test_stages_are_timed(self):
        made = encrypt()
        assert list(made.timings_ms) == ["validating", "generating_quantum_keys", "encrypting", "authenticating"]
        assert list(decrypt(made).timings_ms) == ["validating", "unlocking", "verifying", "decrypting"]

    @pytest.mark.parametrize("stage", [Stage.VALIDATING, Stage.ENCRYPTING, Stage.AUTHENTICATING])
    def test_encryption_is_cancelled_in_any_stage(self, stage):
        with pytest.raises(Cancelled):
            encrypt(progress=stop_at(stage))

    @pytest.mark.parametrize("stage", [Stage.VALIDATING, Stage.UNLOCKING, Stage.VERIFYING, Stage.DECRYPTING])
    def test_decryption_is_cancelled_in_any_stage(self, small, stage):
        with pytest.raises(Cancelled):
            decrypt(*small, progress=stop_at(stage))


class TestWraps:
    KDF = Argon2(bytes(range(16)), m_kib=19_456, t=1, p=1)

    def test_passphrase(self):
        made = encrypt(wraps=[PassphraseWrap.from_passphrase("correct horse battery", self.KDF)])
        assert decrypt(made, openers=[PassphraseOpen.from_passphrase("correct horse battery")]).layout == "pixels"
        with pytest.raises(NoMatch):
            decrypt(made, openers=[PassphraseOpen.from_passphrase("correct horse staple!")])

    def test_vault(self):
        made = encrypt(wraps=[VaultWrap("acc_1", "kek", 1, bytes(32))])
        assert decrypt(made, openers=[VaultOpen("acc_1", lambda *_: bytes(32))]).key_id == KEY_ID
        with pytest.raises(NoMatch):
            decrypt(made, openers=[VaultOpen("acc_2", lambda *_: bytes(32))])

    def test_combination_that_is_refused(self):
        with pytest.raises(KeyFileInvalid):
            encrypt(wraps=[PlainWrap(), PassphraseWrap.from_passphrase("correct horse battery", self.KDF)])


class TestRefusals:
    """Each failure of docs/reference/format.md, Decryption, and their order."""

    def test_1_too_large(self, small):
        with pytest.raises(FileTooLarge):
            decrypt(memoryview(np.zeros(MAX_ENCRYPTED_BYTES + 1, np.uint8)), b"no key file")

    def test_2_not_a_png(self):
        with pytest.raises(UnsupportedFormat):
            decrypt(b"\xff\xd8\xff\xe0", b"no key file")

    def test_2_too_many_pixels(self):
        with pytest.raises(TooManyPixels):
            decrypt(pictures.png(pictures.ihdr(5001, 5000), pictures.chunk(b"IEND")), b"no key file")

    @pytest.mark.parametrize("save", ["pillow", "plain picture"])
    def test_3_saved_again(self, small, save):
        image, _ = small
        again = pictures.as_png(Image.open(io.BytesIO(image))) if save == "pillow" else SMALL
        with pytest.raises(HeaderMissing):
            decrypt(again, b"no key file")

    @pytest.mark.parametrize("key_file", [b"", b"{}\n", b"not json"])
    def test_4_no_key_file(self, small, key_file):
        image, _ = small
        with pytest.raises(KeyFileInvalid):
            decrypt(image[:-1] + b"\0", key_file)

    def test_5_frame(self, small):
        image, key_file = small
        with pytest.raises(HeaderInvalid):
            decrypt(image[:-1] + b"\0", key_file, openers=[])

    def test_6_nothing_opens(self, small):
        with pytest.raises(NoMatch):
            decrypt(*small, openers=[])

    def test_8_key_file_was_changed(self, small):
        image, key_file = small
        changed = re.sub(rb'"created": "20', b'"created": "19', key_file)
        with pytest.raises(MacMismatch):
            decrypt(image, changed)

    def test_9_key_file_of_another_picture(self, small):
        image, _ = small
        with pytest.raises(CommitmentMismatch):
            decrypt(image, encrypt().key_file_bytes)

    def test_9_other_key_id_in_the_header(self, small):
        image, key_file = small
        parsed = png.read(image)
        header = dataclasses.replace(parsed.header, key_id=UUID(int=5))
        with pytest.raises(CommitmentMismatch):
            decrypt(png.write(header, parsed.tag, parsed.samples), key_file)

    @pytest.mark.parametrize("part", ["tag", "samples", "metadata", "geometry", "purity"])
    def test_10_sound_file_with_another_content(self, small, part):
        """All checksums are valid: only the tag shows the change."""
        image, key_file = small
        parsed = png.read(image)
        header, mac, samples = parsed.header, bytearray(parsed.tag), parsed.samples.copy()
        if part == "tag":
            mac[0] ^= 1
        elif part == "samples":
            samples[-1, 0] ^= 1
        elif part == "metadata":
            header = dataclasses.replace(header, metadata=bytes([header.metadata[0] ^ 1]) + header.metadata[1:])
        elif part == "geometry":
            header = dataclasses.replace(header, width=header.height, height=header.width)
        else:
            header = dataclasses.replace(header, purity=Purity.FAST)
        with pytest.raises(MacMismatch):
            decrypt(png.write(header, bytes(mac), samples), key_file)

    @pytest.mark.parametrize("part", ["payload_sha256", "purity", "statement_sha256", "version", "source", "none"])
    def test_11_authentic_but_untrue(self, part):
        """Made with the right keys by a faulty writer."""
        file_key = bytes(range(32))
        keys = schedule.derive(file_key, NONCE)
        content = payload.build(SMALL, intake.examine(SMALL))
        said = "ab" * 32
        about = {"version": 1, "job_id": "", "purity": "balanced", "statement_sha256": said, **content.metadata}
        if part != "none":
            about[part] = {"version": 2, "purity": "fast", "source": {}}.get(part, "cd" * 32)
        key_file = keyfile.build(
            file_key=file_key,
            nonce=NONCE,
            key_id=KEY_ID,
            purity="balanced",
            statement_sha256=said,
            wraps=[PlainWrap()],
        )
        header = dataclasses.replace(
            png.read(encrypt().png).header,
            nonce=NONCE,
            commitment=keys.commitment,
            metadata=metadata.encrypt(about, keys.metadata),
        )
        keystream.apply(content.samples, keys.stream)
        samples = permutation.permute(content.samples, keys.permutation)
        image = png.write(header, tag.compute(keys.mac, pack(header), samples), samples)
        if part == "none":
            assert np.array_equal(pictures.pixels(decrypt(image, key_file).data), pictures.pixels(SMALL))
        else:
            with pytest.raises(PayloadInvalid):
                decrypt(image, key_file)

    @pytest.mark.slow
    def test_every_flipped_bit_of_the_image_is_refused(self, small):
        image, key_file = small[0], keyfile.parse(small[1])
        for bit in range(8 * len(image)):
            changed = bytearray(image)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises((DecryptionError, HeaderMissing, UnsupportedFormat, TooManyPixels)):
                decrypt(changed, key_file)

    def test_every_truncation_of_the_image_is_refused(self, small):
        image, key_file = small[0], keyfile.parse(small[1])
        for size in range(len(image)):
            with pytest.raises((DecryptionError, UnsupportedFormat)):
                decrypt(image[:size], key_file)

    @pytest.mark.slow
    def test_every_flipped_key_file_bit_is_refused(self, small):
        image, key_file = small
        for bit in range(8 * len(key_file)):
            changed = bytearray(key_file)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(ShieldError):
                decrypt(image, bytes(changed))

    def test_all_rungs_give_one_answer_outside(self):
        rungs = [NoMatch, CommitmentMismatch, MacMismatch, HeaderInvalid, PayloadInvalid]
        assert {(rung.code, rung.title) for rung in rungs} == {(DecryptionError.code, DecryptionError.title)}


class TestAttempt:
    def run(self, threads, data=SMALL):
        """Run an attempt with a fixed file key and nonce, which the vectors need and no public function takes."""
        draw = Draw(bytes(32), {"job_id": "job", "purity": {"served": "balanced"}})
        attempt = Attempt(payload.build(data, intake.examine(data)), KEY_ID, threads=threads)
        return attempt.run(draw, NONCE, StageClock(ignore))

    def test_is_the_same_for_one_thread_and_two(self):
        data = pictures.as_bmp(pictures.make(1300, 1000))
        one, two = self.run(1, data), self.run(2, data)
        assert one[:2] == two[:2]
        assert bytes(one[2]) == bytes(two[2])


def stop_at(stage):
    def sink(report):
        if report.stage is stage:
            raise Cancelled

    return sink
