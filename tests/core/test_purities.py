"""The purities `multistage` and `maximum`: encryption and decryption of pictures."""

import itertools

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.cipher import reference
from shield_core.cipher.purity import Purity
from shield_core.encrypted import lanes, material, metadata, png
from shield_core.errors import (
    Cancelled,
    CommitmentMismatch,
    DecryptionError,
    FileTooLarge,
    HeaderInvalid,
    HeaderMissing,
    MacMismatch,
    MaterialRequired,
    PayloadInvalid,
    ShieldError,
    TooManyPixels,
    UnsupportedFormat,
)
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from shield_core.keys import keyfile, schedule
from shield_core.keys.stanzas import PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.progress import Stage, overall_percent
from shield_core.quantum.aer import AerSource
from shield_core.quantum.sources import DeterministicSource
from tests.core.quantum.sources_that_fail import Raising, Short, Stuck
from tests.support import pictures

OPEN = [PlainOpen()]
SMALL = pictures.as_png(pictures.make(5, 4, "L"))
LARGE = pictures.as_bmp(pictures.make(700, 600))  # more than a mebibyte: two segments, two buckets
NEW = [Purity.MULTISTAGE, Purity.MAXIMUM]


def encrypt(purity, data=SMALL, **options):
    return encrypt_image(data, **({"source": DeterministicSource(7), "wraps": [PlainWrap()]} | options), purity=purity)


def decrypt(made, **options):
    return decrypt_image(made.png, made.key_file_bytes, **({"openers": OPEN, "material": made.material} | options))


@pytest.fixture(scope="module")
def multistage():
    return encrypt(Purity.MULTISTAGE)


@pytest.fixture(scope="module")
def maximum():
    return encrypt(Purity.MAXIMUM)


class FailingLater(DeterministicSource):
    """Returns good bits a number of times, then those of another source."""

    def __init__(self, sound, then):
        super().__init__(11)
        self.left, self.then = sound, then

    def measure(self, n_bits):
        self.left -= 1
        return super().measure(n_bits) if self.left >= 0 else self.then.measure(n_bits)


def totals(reports):
    return {report.stage: report.total for report in reports}


class TestWork:
    def test_maximum_work_counts_measured_and_used_lanes(self):
        reports = []
        made = encrypt(Purity.MAXIMUM, LARGE, progress=reports.append)
        work, samples = totals(reports), 3 * 700 * 600
        assert work[Stage.GENERATING_QUANTUM_KEYS] >= len(made.material) - 1000
        assert work[Stage.ENCRYPTING] == 3 * samples + 2 * work[Stage.GENERATING_QUANTUM_KEYS]


class TestRoundTrip:
    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("layout", [Layout.PIXELS, Layout.FILE])
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    @pytest.mark.parametrize("purity", NEW)
    def test_png(self, purity, mode, layout, threads):
        data = pictures.as_png(pictures.make(61, 43, mode))
        back = decrypt(encrypt(purity, data, layout=layout, threads=threads), threads=3 - threads)
        assert back.layout == layout
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(data))
        assert back.data == data or layout is Layout.PIXELS

    @settings(max_examples=40, deadline=None)
    @given(st.integers(1, 40), st.integers(1, 40), st.sampled_from(["L", "RGB", "RGBA"]), st.sampled_from(list(Purity)))
    def test_any_size_in_any_purity(self, width, height, mode, purity):
        data = pictures.as_png(pictures.make(width, height, mode))
        assert np.array_equal(pictures.pixels(decrypt(encrypt(purity, data)).data), pictures.pixels(data))

    @pytest.mark.parametrize("threads", [1, 2])
    @pytest.mark.parametrize("purity", list(Purity))
    def test_picture_of_several_segments_and_buckets(self, purity, threads):
        back = decrypt(encrypt(purity, LARGE, threads=threads), threads=threads)
        assert np.array_equal(pictures.pixels(back.data), pictures.pixels(LARGE))

    @pytest.mark.parametrize("purity", NEW)
    def test_regions(self, purity):
        regions = (Region(3, 4, 50, 9), Region(0, 30, 61, 2))
        data = pictures.as_png(pictures.make(61, 43))
        made = encrypt(purity, data, regions=regions)
        assert np.array_equal(pictures.pixels(decrypt(made).data), pictures.pixels(data))
        if purity is Purity.MAXIMUM:
            inside = 50 * 9 + 61 * 2
            assert len(made.material) == 21 + 16 + 26 + 3 * inside + 4 * (inside - 1) + rejected(made, inside)

    def test_measured_by_the_simulator(self):
        source = AerSource()
        for purity in NEW:
            assert decrypt(encrypt(purity, source=source)).layout == Layout.PIXELS


def rejected(made, n):
    """Bytes of words beyond those of n - 1 draws, by the length that the lane itself states."""
    plain = opened(made)
    return int.from_bytes(plain[-(len(plain) - 2 - 16 - 3 * n) :][:8], "big") - 4 * (n - 1)


def keys_of(made):
    return schedule.derive(keyfile.unlock(made.key_file, OPEN), made.key_file.nonce)


def opened(made):
    """The plaintext of a material of one chunk, by AES-GCM alone."""
    sealed = bytes(made.material or made.key_file.material)
    return AESGCM(keys_of(made).material).decrypt(bytes(11) + b"\x01", sealed[21:], sealed[:21])


class TestBySlowMeans:
    """Decryption with the reference cipher, hmac and AES-GCM, from the files alone."""

    def payload(self, made, *, seeds=(), measured=()):
        parsed, keys = png.read(made.png), keys_of(made)
        order = reference.order(len(parsed.samples), keys.permutation, lanes=measured)
        xored = np.empty_like(parsed.samples)
        xored[order] = parsed.samples
        return reference.stream(xored.tobytes(), keys.stream, seeds=seeds, lanes=measured)

    def about(self, made):
        keys, header = keys_of(made), png.read(made.png).header
        return metadata.decrypt(
            header.metadata, keys.metadata, purity=header.purity, statement_sha256=made.statement_sha256
        )

    def test_multistage(self, multistage):
        assert self.payload(multistage, seeds=[opened(multistage)]) == raw_pixels(SMALL)
        assert self.about(multistage)["purity"] == "multistage"

    def test_maximum(self, maximum):
        plain, measured, at = opened(maximum), [], 2
        for _ in range(int.from_bytes(plain[:2], "big")):
            length = int.from_bytes(plain[at : at + 8], "big")
            measured.append(plain[at + 8 : at + 8 + length])
            at += 8 + length
        assert at == len(plain)
        assert [len(lane) for lane in measured] == [20, 0, 4 * 19]
        assert self.payload(maximum, measured=measured) == raw_pixels(SMALL)
        assert self.about(maximum)["purity"] == "maximum"


def raw_pixels(data):
    return pictures.pixels(data).tobytes()


class TestFiles:
    def test_seeds_are_in_key_file_lanes_separate(self, multistage, maximum):
        assert multistage.material is None
        assert len(multistage.key_file.material) == 21 + 32 + 16
        assert maximum.key_file.material is None
        assert bytes(maximum.material[:21]) == b"QSMT\x01" + maximum.key_file.key_id.bytes

    def test_header_carries_the_digest(self, multistage, maximum):
        for made, data in ((multistage, multistage.key_file.material), (maximum, maximum.material)):
            header = png.read(made.png).header
            assert header.material_sha256 == material.digest(data)
            assert header.purity == made.key_file.purity == made.quantum_purity["served"]

    @pytest.mark.parametrize("purity", [Purity.FAST, Purity.BALANCED])
    def test_other_purities_have_none(self, purity):
        made = encrypt(purity)
        assert made.material is None
        assert made.key_file.material is None

    @pytest.mark.parametrize("purity", list(Purity))
    def test_two_statements_of_the_same_picture_differ(self, purity):
        source = AerSource()
        first, second = (encrypt(purity, source=source) for _ in range(2))
        assert first.statement_sha256 != second.statement_sha256
        assert first.statement["raw"]["measured_at"] <= second.statement["raw"]["measured_at"]
        assert first.key_file.commitment != second.key_file.commitment

    @pytest.mark.parametrize("purity", NEW)
    def test_secrets_do_not_show(self, purity):
        assert "material" not in repr(encrypt(purity)).replace("material_sha256", "")


class TestRefused:
    def test_maximum_without_its_material(self, maximum):
        with pytest.raises(MaterialRequired):
            decrypt(maximum, material=None)

    def test_material_is_required_before_key_derivation(self, maximum):
        class Opener:
            def open(self, stanza, key_id):
                pytest.fail("nothing is opened before")

        with pytest.raises(MaterialRequired):
            decrypt(maximum, material=None, openers=[Opener()])

    def test_too_much_material(self, maximum):
        with pytest.raises(FileTooLarge):
            decrypt(maximum, material=memoryview(np.zeros(320_000_001, np.uint8)))

    def test_material_of_another_picture(self, maximum):
        with pytest.raises(MacMismatch):
            decrypt(maximum, material=encrypt(Purity.MAXIMUM).material)

    @pytest.mark.parametrize("given", [b"", b"QSMT", bytes(1000)])
    def test_what_is_no_material(self, maximum, given):
        with pytest.raises(MacMismatch):
            decrypt(maximum, material=given)

    @pytest.mark.parametrize("purity", [Purity.FAST, Purity.BALANCED, Purity.MULTISTAGE])
    def test_unneeded_material_is_ignored(self, purity):
        assert decrypt(encrypt(purity), material=b"anything").layout == Layout.PIXELS

    @pytest.mark.slow
    def test_flipped_or_truncated_material_is_refused(self, maximum):
        whole = bytes(maximum.material)
        for bit in range(8 * len(whole)):
            changed = bytearray(whole)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(MacMismatch):
                decrypt(maximum, material=changed)
        for size in range(len(whole)):
            with pytest.raises(MacMismatch):
                decrypt(maximum, material=whole[:size])

    @pytest.mark.slow
    @pytest.mark.parametrize("purity", NEW)
    def test_flipped_or_truncated_image_is_refused(self, purity):
        made = encrypt(purity)
        image, key_file = bytes(made.png), made.key_file
        for bit in range(8 * len(image)):
            changed = bytearray(image)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises((DecryptionError, HeaderMissing, UnsupportedFormat, TooManyPixels)):
                decrypt_image(changed, key_file, openers=OPEN, material=made.material)
        for size in range(len(image)):
            with pytest.raises((DecryptionError, UnsupportedFormat)):
                decrypt_image(image[:size], key_file, openers=OPEN, material=made.material)

    @pytest.mark.slow
    def test_every_flipped_bit_of_the_key_file(self, multistage):
        for bit in range(8 * len(multistage.key_file_bytes)):
            changed = bytearray(multistage.key_file_bytes)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(ShieldError):
                decrypt_image(multistage.png, bytes(changed), openers=OPEN)

    def test_key_files_of_other_pictures(self, multistage, maximum):
        with pytest.raises(CommitmentMismatch):
            decrypt_image(multistage.png, encrypt(Purity.MULTISTAGE).key_file, openers=OPEN)
        with pytest.raises(CommitmentMismatch):
            decrypt_image(maximum.png, multistage.key_file, openers=OPEN, material=maximum.material)

    def test_a_key_file_without_the_seeds(self, multistage):
        """Made with the right file key by a faulty writer."""
        without = keyfile.build(
            file_key=keyfile.unlock(multistage.key_file, OPEN),
            nonce=multistage.key_file.nonce,
            key_id=multistage.key_file.key_id,
            purity="balanced",
            statement_sha256=multistage.statement_sha256,
            wraps=[PlainWrap()],
        )
        with pytest.raises(MacMismatch):
            decrypt_image(multistage.png, without, openers=OPEN)

    def test_all_of_it_is_one_answer_outside(self):
        assert {(rung.code, rung.title) for rung in (MacMismatch, HeaderInvalid, PayloadInvalid)} == {
            (DecryptionError.code, DecryptionError.title)
        }


class TestFailingSource:
    @pytest.mark.parametrize("then", [Raising(), Short(), Stuck()], ids=lambda source: type(source).__name__)
    @pytest.mark.parametrize("sound", [0, 1, 2])
    def test_multistage_goes_on_and_says_so(self, sound, then):
        made = encrypt(Purity.MULTISTAGE, LARGE, source=FailingLater(sound, then))
        assert made.quantum_purity["served"] == "multistage"
        assert made.quantum_purity["reason"].startswith("degraded: ")
        assert made.statement["degraded"]
        assert decrypt(made).layout == Layout.PIXELS

    @pytest.mark.parametrize("then", [Raising(), Short(), Stuck()], ids=lambda source: type(source).__name__)
    @pytest.mark.parametrize("sound", [0, 1, 5])
    def test_maximum_is_served_as_balanced_and_says_so(self, sound, then):
        made = encrypt(Purity.MAXIMUM, LARGE, source=FailingLater(sound, then))
        assert made.quantum_purity["requested"] == "maximum"
        assert made.quantum_purity["served"] == made.key_file.purity == "balanced"
        assert "so this is balanced" in made.quantum_purity["reason"]
        assert png.read(made.png).header.purity is Purity.BALANCED
        assert made.material is None
        assert np.array_equal(pictures.pixels(decrypt(made).data), pictures.pixels(LARGE))


@pytest.fixture
def recordings(monkeypatch):
    """Every recording that was made, with its reserved memory."""
    kept = []
    init = lanes.Recording.__init__

    def keeping(recording, *arguments):
        init(recording, *arguments)
        kept.append(recording.memory)

    monkeypatch.setattr(lanes.Recording, "__init__", keeping)
    return kept


class TestProgress:
    @pytest.mark.parametrize("purity", list(Purity))
    def test_percentages_rise_through_every_stage(self, purity):
        reports = []
        made = encrypt(purity, LARGE, progress=reports.append)
        percents = [overall_percent(report.stage, report.done, report.total) for report in reports]
        assert percents == sorted(percents)
        again = len(reports)
        decrypt(made, progress=reports.append)
        percents = [overall_percent(report.stage, report.done, report.total) for report in reports[again:]]
        assert percents == sorted(percents)

    @pytest.mark.parametrize(("purity", "reports"), [(Purity.MULTISTAGE, 2), (Purity.MAXIMUM, 20)])
    def test_drawing_reports_as_it_goes(self, purity, reports):
        told = []
        encrypt(purity, LARGE, progress=told.append)
        inside = [report for report in told if report.stage is Stage.GENERATING_QUANTUM_KEYS]
        assert len({report.done for report in inside}) > reports
        assert inside[-1].done == inside[-1].total

    def test_every_stage_of_maximum_reports_every_mebibyte(self):
        told = []
        decrypt(encrypt(Purity.MAXIMUM, LARGE, progress=told.append), progress=told.append)
        for stage in (Stage.GENERATING_QUANTUM_KEYS, Stage.ENCRYPTING, Stage.VERIFYING):
            inside = [report.done for report in told if report.stage is stage]
            assert max(after - before for before, after in itertools.pairwise(inside)) <= 3 * (1 << 20)

    @pytest.mark.parametrize("stage", [Stage.GENERATING_QUANTUM_KEYS, Stage.ENCRYPTING])
    @pytest.mark.parametrize("after", [0, 1, 3, 7])
    def test_a_cancelled_maximum_leaves_no_measured_bits(self, stage, after, recordings):
        with pytest.raises(Cancelled):
            encrypt(Purity.MAXIMUM, LARGE, progress=stop_in(stage, after))
        assert [bool(memory.any()) for memory in recordings] == [False]

    @pytest.mark.parametrize("sound", [0, 3])
    def test_lanes_that_were_given_up_are_wiped(self, sound, recordings):
        encrypt(Purity.MAXIMUM, LARGE, source=FailingLater(sound, Raising()))
        assert [bool(memory.any()) for memory in recordings] == [False]

    @pytest.mark.parametrize("stage", [Stage.VERIFYING, Stage.DECRYPTING])
    def test_decryption_is_cancelled_between_the_pieces(self, stage):
        made = encrypt(Purity.MAXIMUM, LARGE)
        with pytest.raises(Cancelled):
            decrypt(made, progress=stop_in(stage, 1))

    def test_segment_seeds_are_wiped(self, monkeypatch):
        kept = []
        seal = material.seal
        monkeypatch.setattr(
            material, "seal", lambda secret, **options: (kept.append(secret), seal(secret, **options))[1]
        )
        encrypt(Purity.MULTISTAGE, LARGE)
        assert [bytes(seeds) for seeds in kept] == [bytes(64)]


def stop_in(stage, after):
    left = iter(range(after))

    def sink(report):
        if report.stage is stage and next(left, None) is None:
            raise Cancelled

    return sink
