import contextlib
import io
import math
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from shield_core.errors import ImageCorrupt, ImageError, KeyFileInvalid, LayoutNotExact, MacMismatch, TooManyPixels
from shield_core.legacy import decryption
from shield_core.legacy.decryption import decrypt
from tests.core.legacy import predecessor
from tests.support import pictures

KINDS = [(1, "L"), (1, "RGB"), (1, "RGBA"), (2, "L"), (2, "RGB"), (2, "LA"), (3, "L")]


def back(image, key_file, **options):
    return Image.open(io.BytesIO(decrypt(image, key_file, **options).png))


class TestDecrypt:
    @pytest.mark.parametrize(("version", "mode"), KINDS)
    def test_gives_back_every_sample(self, version, mode):
        picture = pictures.make(31, 17, mode)
        image, key_file = predecessor.encrypt(picture, version)
        assert not np.array_equal(pictures.pixels(image), np.asarray(picture))
        found = decrypt(image, key_file)
        assert (found.version, found.mode, found.width, found.height) == (version, mode, 31, 17)
        assert np.array_equal(pictures.pixels(found.png), np.asarray(picture))

    @pytest.mark.parametrize("write", [np.savez, np.savez_compressed])
    @pytest.mark.parametrize("kind", ["<i4", ">i8", "<u8", "<u2"])
    def test_every_integer_type_of_order_is_accepted(self, write, kind):
        image, key_file = predecessor.encrypt(pictures.make(9, 7, "L"), 1)
        arrays = dict(np.load(key_file))
        arrays["permutation_key"] = arrays["permutation_key"].astype(kind)
        assert np.array_equal(back(image, predecessor.save(arrays, write)), pictures.make(9, 7, "L"))

    def test_a_picture_of_one_pixel(self):
        for version in (1, 3):
            image, key_file = predecessor.encrypt(pictures.make(1, 1, "L"), version)
            assert np.array_equal(back(image, key_file), pictures.make(1, 1, "L"))

    @pytest.mark.parametrize("wrap", [pictures.as_bmp, pictures.as_tiff])
    def test_losslessly_resaved_picture_decrypts(self, wrap):
        image, key_file = predecessor.encrypt(pictures.make(9, 7), 1)
        again = wrap(Image.open(io.BytesIO(image)))
        assert np.array_equal(back(again, key_file), pictures.make(9, 7))

    def test_the_rule_by_hand(self):
        """c = (p XOR k)[perm] with p = 1 2 3, k = 16 32 64, perm = 2 0 1: c = 67 17 34."""
        key = decryption.LegacyKey(1, np.array([16, 32, 64], np.uint8), np.array([2, 0, 1]), None, None)
        assert decryption.undo(np.array([67, 17, 34], np.uint8), key).tolist() == [1, 2, 3]


class TestHmac:
    @pytest.mark.parametrize("over", ["encrypted", "plain"])
    def test_that_fits_makes_it_authentic(self, over):
        image, key_file = predecessor.encrypt(pictures.make(9, 7), 2, hmac_over=over)
        assert decrypt(image, key_file).authentic is True

    @pytest.mark.parametrize("version", [1, 2, 3])
    def test_none_is_not_made_up(self, version):
        image, key_file = predecessor.encrypt(pictures.make(9, 7, "L"), version)
        assert decrypt(image, key_file).authentic is None

    @pytest.mark.parametrize("over", ["encrypted", "plain"])
    def test_a_picture_that_was_changed_is_refused(self, over):
        image, key_file = predecessor.encrypt(pictures.make(9, 7), 2, hmac_over=over)
        samples = pictures.pixels(image).copy()
        samples[0, 0, 0] ^= 1
        changed = pictures.as_png(Image.fromarray(samples))
        with pytest.raises(MacMismatch):
            decrypt(changed, key_file)
        assert decrypt(changed, key_file, verify=False).authentic is False

    @pytest.mark.parametrize("store", [lambda b: b.hex(), lambda b: np.frombuffer(b, np.uint8)])
    def test_may_be_hexadecimal_or_an_array_of_bytes(self, store):
        image, key_file = predecessor.encrypt(pictures.make(9, 7), 2, hmac_over="encrypted")
        arrays = dict(np.load(key_file))
        digest = arrays["integrity_hmac"].tobytes().ljust(32, b"\0")
        assert decrypt(image, predecessor.save(arrays | {"integrity_hmac": store(digest)})).authentic is True

    def test_that_ends_with_a_zero_fits(self):
        """NumPy's byte strings drop zeros at the end."""
        for seed in range(2000):
            image, key_file = predecessor.encrypt(pictures.make(3, 2, "L"), 2, seed=seed, hmac_over="encrypted")
            if len(np.load(key_file)["integrity_hmac"].item()) < 32:
                break
        key_file.seek(0)
        assert decrypt(image, key_file).authentic is True

    @pytest.mark.parametrize("value", ["xyz", 5, [1.5], np.arange(3), np.zeros(65, np.uint8), ["ab"]])
    def test_of_another_kind_is_refused(self, value):
        image, key_file = predecessor.encrypt(
            pictures.make(9, 7), 2, hmac_over="encrypted", integrity_hmac=np.array(value)
        )
        with pytest.raises(KeyFileInvalid):
            decrypt(image, key_file)

    @pytest.mark.parametrize("missing", ["hmac_key", "integrity_hmac"])
    def test_half_of_one_is_none(self, missing):
        image, key_file = predecessor.encrypt(pictures.make(9, 7), 2, hmac_over="encrypted", **{missing: None})
        assert decrypt(image, key_file).authentic is None


class TestKeyFiles:
    PICTURE = pictures.make(8, 6, "RGB")

    def refused(self, match=None, picture=PICTURE, version=1, **arrays):
        image, key_file = predecessor.encrypt(picture, version, **arrays)
        with pytest.raises(KeyFileInvalid, match=match):
            decrypt(image, key_file)

    def test_one_under_a_password_is_refused_by_name(self):
        self.refused("under a password", version=2, encrypted=True)
        self.refused("under a password", version=2, encrypted=np.array([1]))

    @pytest.mark.parametrize("missing", ["xor_key", "permutation_key", "shape"])
    def test_each_part_is_needed(self, missing):
        self.refused(f"no {missing}", **{missing: None})

    @pytest.mark.parametrize(
        "shape",
        [(8, 6, 3), (6, 8), (6, 8, 4), (6, 8, 3, 1), (48, 3), (), 144, (6.0, 8.0, 3.0), ("6", "8", "3"), (-6, -8, 3)],
    )
    def test_of_another_shape_is_refused(self, shape):
        self.refused(shape=np.array(shape))

    @pytest.mark.parametrize("mode", ["RGBA", "L", "", 3, b"RGB", ["RGB", "RGB"]])
    def test_of_another_mode_is_refused(self, mode):
        self.refused(mode=np.array(mode))

    def test_a_mode_is_not_needed(self):
        image, key_file = predecessor.encrypt(self.PICTURE, 1, mode=None)
        assert np.array_equal(back(image, key_file), self.PICTURE)

    @pytest.mark.parametrize(
        "xor_key",
        [
            np.zeros(143, np.uint8),
            np.zeros(145, np.uint8),
            np.zeros((12, 12), np.uint8),
            np.zeros(144, np.int8),
            np.zeros(144, np.uint16),
            np.zeros(144),
            np.uint8(1),
            np.zeros(0, np.uint8),
        ],
    )
    def test_of_another_xor_key_is_refused(self, xor_key):
        self.refused("xor_key", xor_key=xor_key)

    @pytest.mark.parametrize(
        ("order", "match"),
        [
            (np.arange(143), "no order"),
            (np.arange(145), "larger"),
            (np.arange(144).reshape(12, 12), "no order"),
            (np.arange(1, 145), "no order"),
            (np.arange(-1, 143), "no order"),
            (np.zeros(144, np.int64), "twice"),
            (np.full(144, 2**64 - 1, np.uint64), "no order"),
            (np.arange(144.0), "kind"),
            (np.arange(144).astype("U4"), "whole numbers"),
            (-1, "seed"),
            (2**32, "seed"),
            (1.5, "kind"),
            (True, "whole numbers"),
            (2**63 + 1, "seed"),
        ],
    )
    def test_of_another_order_is_refused(self, order, match):
        self.refused(match, permutation_key=np.array(order))

    def test_key_of_other_picture_is_not_unpacked(self, monkeypatch):
        image, _ = predecessor.encrypt(pictures.make(8, 6), 1)
        _, other = predecessor.encrypt(pictures.make(6, 8), 1)
        asked = []
        read = decryption.Archive.read
        monkeypatch.setattr(
            decryption.Archive, "read", lambda self, name, **limit: asked.append(name) or read(self, name, **limit)
        )
        with pytest.raises(KeyFileInvalid, match="8 x 6"):
            decrypt(image, other)
        assert asked == ["shape"]


MEMBERS = ("xor_key", "permutation_key", "shape", "mode", "encrypted", "hmac_key", "integrity_hmac")
DESCRIPTIONS = st.builds(
    "{}{}{}".format,
    st.sampled_from("<>|="),
    st.sampled_from("biuSUfcOVMm"),
    st.integers(0, 9) | st.sampled_from([16, 64, 512, 4096]),
)
SHAPES = st.lists(st.integers(0, 4) | st.sampled_from([30, 90, 10**9]), max_size=3).map(tuple)
CODE_POINTS = st.sampled_from([0, 1, 3, 5, 6, 0x52, 0xD800, 0x10_FFFF, 0x11_0000, 0xFFFF_FFFF])
CONTENTS = st.binary(max_size=64) | st.lists(CODE_POINTS, max_size=16).map(lambda c: struct.pack(f"<{len(c)}I", *c))


class TestAnyArray:
    """A part of a key file may be any kind of array."""

    IMAGE, KEY_FILE = predecessor.encrypt(pictures.make(6, 5), 2, hmac_over="plain")

    @staticmethod
    def array(description, shape, content):
        """Return the file of an array, with content of the declared length if that is not large."""
        size = math.prod(shape) * int(description[2:]) * (4 if description[1] == "U" else 1)
        data = (content * (size // len(content) + 1))[:size] if content and size < 100_000 else content
        header = f"{{'descr': '{description}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
        return b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + data

    def decrypt_with(self, member, array):
        file = io.BytesIO()
        with zipfile.ZipFile(self.KEY_FILE) as sound, zipfile.ZipFile(file, "w") as archive:
            for name in sound.namelist():
                archive.writestr(name, array if name == f"{member}.npy" else sound.read(name))
        return decrypt(self.IMAGE, file, verify=False)

    @pytest.mark.slow
    @pytest.mark.parametrize("member", MEMBERS)
    @settings(max_examples=60, deadline=None)
    @given(description=DESCRIPTIONS, shape=SHAPES, content=CONTENTS)
    @example(description="<U3", shape=(0,), content=b"")
    @example(description="<U1", shape=(), content=b"\xff\xff\xff\xff")
    @example(description="<U1", shape=(), content=struct.pack("<I", 0x11_0000))
    @example(description="<U1", shape=(), content=struct.pack("<I", 0xD800))
    @example(description="|S0", shape=(), content=b"")
    def test_is_taken_or_refused(self, member, description, shape, content):
        with contextlib.suppress(KeyFileInvalid):
            self.decrypt_with(member, self.array(description, shape, content))

    @pytest.mark.slow
    @pytest.mark.parametrize("member", ["xor_key", "permutation_key"])
    @pytest.mark.parametrize("description", ["|S4096", "<U1024", "|u4096"])
    def test_of_wide_elements_is_refused_in_little_memory(self, member, description):
        """As many elements as the picture has samples: 20 kB unpack to 20 MB."""
        image, key_file = predecessor.encrypt(pictures.make(40, 40), 1)
        bomb = io.BytesIO()
        with zipfile.ZipFile(key_file) as sound, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in sound.namelist():
                wide = self.array(description, (4800,), b"") + bytes(4800 * 4096)
                archive.writestr(name, wide if name == f"{member}.npy" else sound.read(name))
        tracemalloc.start()
        try:
            with pytest.raises(KeyFileInvalid):
                decrypt(image, bomb)
            assert tracemalloc.get_traced_memory()[1] < 2_000_000
        finally:
            tracemalloc.stop()


class TestPictures:
    KEY = predecessor.encrypt(pictures.make(8, 6), 1)[1]

    @pytest.mark.parametrize("data", [pictures.as_jpeg(pictures.make(8, 6)), pictures.animated("PNG")])
    def test_lossy_or_animated_picture_is_refused(self, data):
        with pytest.raises(LayoutNotExact):
            decrypt(data, self.KEY)

    @pytest.mark.parametrize("data", [pictures.gray16_png(), pictures.palette(), pictures.as_webp(pictures.make(8, 6))])
    def test_unsupported_sample_type_is_refused(self, data):
        with pytest.raises(LayoutNotExact):
            decrypt(data, self.KEY)

    def test_more_pixels_than_are_decoded_refused(self):
        """Before the arrays of its key are unpacked."""
        large = pictures.png(pictures.ihdr(5001, 5000), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND"))
        with pytest.raises(TooManyPixels, match="25,000,000"):
            decrypt(large, None)

    def test_too_large_is_refused_from_the_header(self):
        bomb = pictures.png(pictures.ihdr(30_000, 30_000), pictures.chunk(b"IEND"))
        with pytest.raises(TooManyPixels):
            decrypt(bomb, self.KEY)

    @pytest.mark.parametrize("data", [b"", b"no picture", b"\x89PNG\r\n\x1a\n"])
    def test_that_are_none_are_refused(self, data):
        with pytest.raises(ImageError):
            decrypt(data, self.KEY)

    def test_that_is_cut_off_is_refused(self):
        image, key_file = predecessor.encrypt(pictures.make(64, 48), 1)
        with pytest.raises(ImageCorrupt):
            decrypt(image[: len(image) // 2], key_file)


class TestSecrecy:
    def test_a_key_does_not_show_itself(self):
        key = decryption.LegacyKey(1, np.full(3, 77, np.uint8), np.array([2, 0, 1]), b"secret of the hmac", b"")
        assert "77" not in repr(key)
        assert "secret" not in repr(key)
