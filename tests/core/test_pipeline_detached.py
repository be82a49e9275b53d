"""Decryption of pictures that Pillow has saved again, with header and tag from the encryption."""

import dataclasses
import io
import itertools

import numpy as np
import pytest
from PIL import Image

from shield_core.cipher.purity import Purity
from shield_core.errors import (
    Cancelled,
    CommitmentMismatch,
    HeaderInvalid,
    HeaderMissing,
    ImageCorrupt,
    KeyFileInvalid,
    MacMismatch,
    MaterialRequired,
    NoMatch,
    NotEncrypted,
    PictureConverted,
)
from shield_core.image.payload import Layout
from shield_core.image.regions import Region
from shield_core.keys.passphrase import Argon2
from shield_core.keys.recipients import RecipientOpen, RecipientWrap, SecretKey
from shield_core.keys.stanzas import PassphraseOpen, PassphraseWrap, PlainOpen, PlainWrap
from shield_core.pipeline import decrypt_image, encrypt_image
from shield_core.progress import Stage
from shield_core.quantum.sources import DeterministicSource
from tests.support import pictures

OPEN = [PlainOpen()]
CHEAP = Argon2(salt=bytes(range(16)), m_kib=19_456, t=1, p=1)
ADA = SecretKey(bytes(range(32)))


def encrypt(data=None, **options):
    data = pictures.as_png(pictures.make(37, 21)) if data is None else data
    return encrypt_image(data, **{"source": DeterministicSource(7), "wraps": [PlainWrap()]} | options)


def saved_again(made, mode=None, **options):
    image = Image.open(io.BytesIO(bytes(made.png)))
    return pictures.as_png(image.convert(mode) if mode else image, **{"optimize": True} | options)


def decrypt(made, picture, **options):
    given = {"openers": OPEN, "detached": made.header_bytes + made.tag} | options
    return decrypt_image(picture, given.pop("key_file", made.key_file_bytes), **given)


class TestComesBack:
    @pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16"])
    @pytest.mark.parametrize("layout", [Layout.AUTO, Layout.FILE])
    def test_of_every_mode_and_layout(self, mode, layout):
        made = encrypt(pictures.as_png(pictures.make(61, 43, mode)), layout=layout)
        back, same = decrypt(made, saved_again(made)), decrypt_image(made.png, made.key_file_bytes, openers=OPEN)
        assert dataclasses.replace(back, timings_ms={}) == dataclasses.replace(same, timings_ms={})

    @pytest.mark.parametrize("purity", list(Purity))
    def test_of_every_purity(self, purity):
        made = encrypt(purity=purity)
        assert made.quantum_purity["served"] == purity.value
        back = decrypt(made, saved_again(made), material=made.material)
        assert np.array_equal(pictures.pixels(back.data), np.asarray(pictures.make(37, 21)))

    def test_of_regions(self):
        made = encrypt(regions=[Region(3, 4, 20, 10)])
        back = decrypt(made, saved_again(made, "RGBA"))
        assert np.array_equal(pictures.pixels(back.data), np.asarray(pictures.make(37, 21)))

    @pytest.mark.parametrize(
        ("wrap", "opener"),
        [
            (
                PassphraseWrap.from_passphrase("a long passphrase", CHEAP),
                PassphraseOpen.from_passphrase("a long passphrase"),
            ),
            (RecipientWrap(ADA.public), RecipientOpen(ADA)),
        ],
        ids=["passphrase", "recipient"],
    )
    def test_with_every_kind_of_key(self, wrap, opener):
        made = encrypt(wraps=[wrap])
        assert decrypt(made, saved_again(made), openers=[opener]).key_id == made.key_file.key_id

    def test_from_a_buffer_that_is_emptied(self):
        made = encrypt()
        picture = bytearray(saved_again(made))
        decrypt(made, picture, consume=True)
        assert picture == b""

    def test_with_the_same_stages(self):
        made, stages = encrypt(), []
        decrypt(made, saved_again(made), progress=lambda report: stages.append(report.stage))
        assert [stage for stage, _ in itertools.groupby(stages)] == [
            Stage.VALIDATING,
            Stage.UNLOCKING,
            Stage.VERIFYING,
            Stage.DECRYPTING,
        ]


class TestOrder:
    """Each picture has this fault and a later one."""

    def test_1_and_2_the_file_before_the_key_file(self):
        made = encrypt()
        with pytest.raises(PictureConverted):
            decrypt(made, pictures.as_jpeg(pictures.make(37, 21)), key_file=b"")
        with pytest.raises(NotEncrypted):
            decrypt(made, pictures.as_bmp(pictures.make(37, 21)), key_file=b"")

    def test_3_the_chunks_before_the_key_file(self):
        made = encrypt()
        with pytest.raises(ImageCorrupt):
            decrypt(made, saved_again(made)[:-1], key_file=b"")

    def test_4_the_key_file_before_the_header(self):
        made = encrypt()
        with pytest.raises(KeyFileInvalid):
            decrypt(made, saved_again(made), key_file=b"", detached=b"")

    def test_5_the_header_before_the_size(self):
        made = encrypt()
        with pytest.raises(HeaderInvalid):
            decrypt(made, pictures.as_png(pictures.make(8, 8)), detached=b"")

    def test_5a_the_size_before_the_image_data(self):
        made = encrypt()
        damaged = pictures.png(pictures.ihdr(8, 8), pictures.chunk(b"IDAT", b"no"), pictures.chunk(b"IEND"))
        with pytest.raises(PictureConverted):
            decrypt(made, damaged)

    def test_5b_the_image_data_before_the_material(self):
        made = encrypt(purity=Purity.MAXIMUM)
        damaged = pictures.png(pictures.ihdr(37, 21), pictures.chunk(b"IDAT", b"no"), pictures.chunk(b"IEND"))
        with pytest.raises(ImageCorrupt):
            decrypt(made, damaged)
        with pytest.raises(MaterialRequired):
            decrypt(made, saved_again(made), openers=[])

    def test_6_the_key_before_the_samples(self):
        made = encrypt()
        with pytest.raises(NoMatch):
            decrypt(made, pictures.as_png(pictures.make(37, 21)), openers=[])


class TestRefused:
    def test_a_changed_sample(self):
        made = encrypt()
        changed = Image.open(io.BytesIO(bytes(made.png)))
        red, *others = changed.getpixel((36, 20))
        changed.putpixel((36, 20), (red ^ 1, *others))
        with pytest.raises(MacMismatch):
            decrypt(made, pictures.as_png(changed))

    def test_a_sample_outside_of_the_regions(self):
        made = encrypt(regions=[Region(3, 4, 20, 10)])
        changed = Image.open(io.BytesIO(bytes(made.png)))
        changed.putpixel((0, 0), (0, 0, 1))
        with pytest.raises(MacMismatch):
            decrypt(made, pictures.as_png(changed))

    def test_the_header_of_another_image(self):
        made, other = encrypt(), encrypt()
        with pytest.raises(CommitmentMismatch):
            decrypt(made, saved_again(made), detached=other.header_bytes + other.tag)

    def test_the_tag_of_another_image(self):
        made, other = encrypt(), encrypt()
        with pytest.raises(MacMismatch):
            decrypt(made, saved_again(made), detached=made.header_bytes + other.tag)

    def test_without_a_header_the_error_says_how(self):
        made = encrypt()
        with pytest.raises(
            HeaderMissing, match="key_id and detached=true at the service, --header on the command line"
        ):
            decrypt(made, saved_again(made), detached=None)

    def test_cancelled_while_it_is_read(self):
        made = encrypt()

        def cancel(report):
            if report.done:
                raise Cancelled

        with pytest.raises(Cancelled):
            decrypt(made, saved_again(made), progress=cancel)
