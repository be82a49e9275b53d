import hashlib

import numpy as np
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.cipher.purity import Purity
from shield_core.cipher.segments import SEGMENT
from shield_core.encrypted import material
from shield_core.encrypted.lanes import Recording
from shield_core.errors import FileTooLarge, LaterMaterial, MacMismatch, MaterialRequired, PayloadInvalid
from shield_core.keys import keyfile, schedule
from shield_core.keys.stanzas import PlainWrap
from tests.core.cipher.permutations import picture
from tests.core.encrypted.drawn import KEY_ID, header

KEYS = schedule.derive(bytes(32), bytes(24))
SEEDS = bytearray(range(64))
SAMPLES = picture(SEGMENT // 3 + 1, 3)


def sealed(secret=SEEDS, key=KEYS.material):
    return bytes(material.seal(bytearray(secret), key=key, key_id=KEY_ID))


def key_file(data):
    return keyfile.build(
        file_key=bytes(32),
        nonce=bytes(24),
        key_id=KEY_ID,
        purity="balanced" if data is None else "multistage",
        statement_sha256="0" * 64,
        wraps=[PlainWrap()],
        material=data,
    )


def of(purity, data):
    return header(purity=purity, material_sha256=material.digest(data) if purity.needs_material else None)


def opened(of_header, data, samples=SAMPLES):
    with material.streams(of_header, KEYS, data, payload=samples) as streams:
        return streams.decrypt(samples.copy())


def recording(samples):
    lanes = Recording(samples.nbytes, len(samples))
    lanes.memory[:] = np.random.default_rng(2).integers(0, 256, lanes.memory.size, np.uint8)
    return lanes


class TestSeal:
    def test_is_the_file_that_the_format_says(self):
        """docs/reference/format.md, Material, by hand: one chunk, which is the last."""
        head = b"QSMT\x01" + KEY_ID.bytes
        assert sealed() == head + AESGCM(KEYS.material).encrypt(bytes(11) + b"\x01", bytes(SEEDS), head)

    def test_lanes_have_the_same_frame(self):
        samples = picture(10, 3)
        data = material.seal(recording(samples), key=KEYS.material, key_id=KEY_ID)
        assert bytes(data[:21]) == b"QSMT\x01" + KEY_ID.bytes


class TestVerify:
    def test_digest_is_of_the_whole_file(self):
        told = []
        data = np.random.default_rng(1).bytes((1 << 20) + 5)
        assert material.digest(data, progress=told.append) == hashlib.sha256(data).digest()
        assert told == [1 << 20, 5]

    def test_every_flipped_bit_and_every_cut_is_refused(self):
        data = sealed()
        of_image = of(Purity.MULTISTAGE, data)
        material.verify(of_image, data)
        for bit in range(8 * len(data)):
            changed = bytearray(data)
            changed[bit // 8] ^= 1 << bit % 8
            with pytest.raises(MacMismatch):
                material.verify(of_image, changed)
        for size in range(len(data)):
            with pytest.raises(MacMismatch):
                material.verify(of_image, data[:size])

    def test_of_an_image_without_material_nothing_is_checked(self):
        material.verify(header(), b"")


class TestOfImage:
    def test_seeds_stand_in_the_key_file(self):
        data = sealed()
        assert material.of_image(of(Purity.MULTISTAGE, data), key_file(bytes(data)), b"given") == data

    def test_lanes_are_given(self):
        assert material.of_image(of(Purity.MAXIMUM, b""), key_file(None), b"given") == b"given"

    def test_a_key_file_without_seeds_gives_nothing(self):
        assert material.of_image(of(Purity.MULTISTAGE, b""), key_file(None), b"given") == b""

    def test_lanes_that_are_not_given_are_asked_for(self):
        with pytest.raises(MaterialRequired, match="qmat"):
            material.of_image(of(Purity.MAXIMUM, b""), key_file(None), None)

    def test_material_over_the_limit_is_refused(self, monkeypatch):
        monkeypatch.setattr(material, "MAX_MATERIAL_BYTES", 10)
        with pytest.raises(FileTooLarge):
            material.of_image(of(Purity.MAXIMUM, b""), key_file(None), bytes(11))
        assert material.of_image(of(Purity.MAXIMUM, b""), key_file(None), bytes(10)) == bytes(10)

    @pytest.mark.parametrize("version", [2, 255])
    def test_later_versions_are_named(self, version):
        later = b"QSMT" + bytes([version]) + bytes(60)
        for look in (
            material.check_version,
            lambda data: material.of_image(of(Purity.MAXIMUM, b""), key_file(None), data),
        ):
            with pytest.raises(LaterMaterial, match=rf"later version of the format \({version}\)"):
                look(later)

    @pytest.mark.parametrize("given", [b"", b"QSM", b"QSMT", b"QSMT\x01", b"QSMX\x02"])
    def test_other_bytes_are_left_to_the_digest(self, given):
        assert material.of_image(of(Purity.MAXIMUM, b""), key_file(None), given) == given

    def test_plain_purities_need_nothing(self):
        assert material.of_image(header(), key_file(None), b"given") == b""


class TestStreams:
    @pytest.mark.parametrize("purity", [Purity.FAST, Purity.BALANCED])
    def test_of_plain_purities_need_none(self, purity):
        with material.streams(of(purity, b""), KEYS, b"", payload=SAMPLES[:1]) as streams:
            assert (streams.seeds, streams.measured) == (None, None)

    def test_of_multistage_have_the_seeds_and_wipe_them(self):
        data = sealed()
        with material.streams(of(Purity.MULTISTAGE, data), KEYS, data, payload=SAMPLES) as streams:
            assert streams.seeds == SEEDS
        assert streams.seeds == bytes(64)

    def test_of_multistage_are_wiped_where_the_work_fails(self):
        data, kept = sealed(), []

        def fail():
            with material.streams(of(Purity.MULTISTAGE, data), KEYS, data, payload=SAMPLES) as streams:
                kept.append(streams.seeds)
                raise KeyError

        with pytest.raises(KeyError):
            fail()
        assert kept == [bytes(64)]

    @pytest.mark.parametrize("size", [0, 1, 32, 63, 65, 96])
    def test_another_number_of_seeds_is_refused(self, size):
        data = sealed(bytes(size))
        with pytest.raises(PayloadInvalid, match="number of seeds"):
            opened(of(Purity.MULTISTAGE, data), data)

    @pytest.mark.parametrize("purity", [Purity.MULTISTAGE, Purity.MAXIMUM])
    def test_material_under_another_key_is_refused(self, purity):
        data = sealed(key=bytes(32))
        with pytest.raises(MacMismatch):
            opened(of(purity, data), data)

    @pytest.mark.parametrize("purity", [Purity.MULTISTAGE, Purity.MAXIMUM])
    @pytest.mark.parametrize("spoil", ["magic", "version", "key id", "cut", "nothing"])
    def test_another_frame_is_refused(self, purity, spoil):
        data = sealed()
        changed = {
            "magic": b"QSMU" + data[4:],
            "version": data[:4] + b"\x02" + data[5:],
            "key id": data[:5] + bytes(16) + data[21:],
            "cut": data[:30],
            "nothing": b"",
        }[spoil]
        with pytest.raises(MacMismatch):
            opened(of(purity, changed), changed)

    @pytest.mark.parametrize("threads", [1, 2])
    def test_of_maximum_give_the_picture_back(self, threads):
        lanes = recording(SAMPLES)
        streams = material.Streams(KEYS.stream, KEYS.permutation, measured=lanes)
        encrypted = streams.encrypt(SAMPLES.copy(), threads=threads)
        data = material.seal(lanes, key=KEYS.material, key_id=KEY_ID)
        assert np.array_equal(opened(of(Purity.MAXIMUM, data), data, encrypted), SAMPLES)

    def test_unconsumed_maximum_lanes_are_refused(self):
        lanes = recording(SAMPLES)
        material.Streams(KEYS.stream, KEYS.permutation, measured=lanes).encrypt(SAMPLES.copy())
        data = material.seal(lanes, key=KEYS.material, key_id=KEY_ID)
        block = material.streams(of(Purity.MAXIMUM, data), KEYS, data, payload=SAMPLES)
        with pytest.raises(PayloadInvalid, match="consumed exactly"), block:
            pass
