from dataclasses import replace
from hashlib import sha256

import pytest

from shield_core.cipher.purity import Purity
from shield_core.encrypted import png
from shield_core.encrypted.evidence import look_at_image, look_at_key
from shield_core.encrypted.header import pack, parse
from shield_core.errors import HeaderMissing, KeyFileInvalid, NoMatch
from shield_core.image.regions import Region
from shield_core.keys import keyfile
from shield_core.keys.stanzas import PassphraseOpen, PlainOpen, PlainWrap
from shield_core.pipeline import encrypt_image
from shield_core.quantum import receipt as receipts
from shield_core.quantum.receipt import Signer
from shield_core.quantum.sources import DeterministicSource
from shield_core.quantum.verdict import Outcome, verify
from tests.support import pictures

SIGNER = Signer.from_seeds(bytes(range(32)))
KEYS = {key.kid: key for key in SIGNER.public_keys}
OPEN = [PlainOpen()]
PICTURE = pictures.as_png(pictures.make(9, 7))


def encrypt(seed=1):
    return encrypt_image(PICTURE, source=DeterministicSource(seed), wraps=[PlainWrap()])


IMAGE, OTHER = encrypt(1), encrypt(2)
BYTES = bytes(IMAGE.png)


def receipt_of(image, signer=SIGNER):
    value = receipts.seal(image.statement, image_sha256=sha256(image.png).hexdigest(), tag=image.tag, signer=signer)
    return receipts.parse(receipts.encode(value))


def flipped(data, position):
    changed = bytearray(data)
    changed[position] ^= 1
    return bytes(changed)


def with_header(image, **changes):
    """Return the image with another header, its old tag and valid framing."""
    parsed = png.read(image)
    header = replace(parse(parsed.header_bytes), **changes)
    assert pack(header) != parsed.header_bytes
    return bytes(png.write(header, parsed.tag, parsed.samples))


class TestImage:
    def test_image_shows_digest_key_id_and_tag(self):
        seen = look_at_image(IMAGE.png)
        assert (seen.sha256, seen.key_id, seen.tag, seen.fault) == (
            sha256(BYTES).hexdigest(),
            IMAGE.key_file.key_id,
            IMAGE.tag,
            None,
        )

    @pytest.mark.parametrize(
        "data",
        [PICTURE, b"", b"not a picture", BYTES[:60], flipped(BYTES, 41)],
        ids=["plain", "empty", "text", "cut", "flipped"],
    )
    def test_missing_header_shows_digest_and_fault(self, data):
        seen = look_at_image(data)
        assert (seen.sha256, seen.key_id, seen.tag) == (sha256(data).hexdigest(), None, None)
        assert seen.fault


class TestKey:
    def test_alone_shows_its_id_and_its_digest(self):
        seen = look_at_key(IMAGE.key_file_bytes, openers=OPEN)
        assert (seen.key_id, seen.statement_sha256) == (IMAGE.key_file.key_id, IMAGE.statement_sha256)
        assert (seen.of_image, seen.tag_holds, seen.metadata_sha256) == (None, None, None)

    def test_matching_image_shows_its_metadata_digest(self):
        seen = look_at_key(IMAGE.key_file, openers=OPEN, image=IMAGE.png)
        assert (seen.of_image, seen.tag_holds, seen.metadata_sha256) == (True, True, IMAGE.statement_sha256)

    def test_other_image_is_reported_without_further_checks(self):
        seen = look_at_key(IMAGE.key_file, openers=OPEN, image=OTHER.png)
        assert (seen.key_id, seen.statement_sha256) == (IMAGE.key_file.key_id, IMAGE.statement_sha256)
        assert (seen.of_image, seen.tag_holds, seen.metadata_sha256) == (False, None, None)

    def test_changed_image_is_reported_and_not_opened(self):
        metadata = parse(png.read(IMAGE.png).header_bytes).metadata
        changed = with_header(IMAGE.png, metadata=flipped(metadata, 3))
        seen = look_at_key(IMAGE.key_file, openers=OPEN, image=changed)
        assert (seen.of_image, seen.tag_holds, seen.metadata_sha256) == (True, False, None)

    def test_forged_statement_of_key_holder_is_found(self):
        file_key = keyfile.unlock(IMAGE.key_file, OPEN)
        forged = keyfile.build(
            file_key=file_key,
            nonce=IMAGE.key_file.nonce,
            key_id=IMAGE.key_file.key_id,
            purity=IMAGE.key_file.purity,
            statement_sha256="cd" * 32,
            wraps=[PlainWrap()],
        )
        seen = look_at_key(forged, openers=OPEN, image=IMAGE.png)
        assert (seen.statement_sha256, seen.tag_holds, seen.metadata_sha256) == ("cd" * 32, True, "")

    def test_that_nothing_opens_is_refused(self):
        with pytest.raises(NoMatch):
            look_at_key(IMAGE.key_file, openers=[PassphraseOpen(bytes(32))])

    def test_that_is_none_is_refused(self):
        with pytest.raises(KeyFileInvalid):
            look_at_key(b"{}", openers=OPEN)

    def test_picture_that_is_not_encrypted_is_refused(self):
        with pytest.raises(HeaderMissing):
            look_at_key(IMAGE.key_file, openers=OPEN, image=PICTURE)


class TestTogether:
    @pytest.mark.parametrize("purity", list(Purity))
    @pytest.mark.parametrize("regions", [(), (Region(1, 1, 5, 4),)], ids=["whole", "regions"])
    def test_agree_in_every_purity_and_for_regions(self, purity, regions):
        image = encrypt_image(
            PICTURE, source=DeterministicSource(3), wraps=[PlainWrap()], purity=purity, regions=regions
        )
        verdict = verify(
            receipt_of(image),
            keys=KEYS,
            image=look_at_image(image.png),
            key=look_at_key(image.key_file_bytes, openers=OPEN, image=image.png),
        )
        assert (verdict.outcome, len(verdict.checks)) == (Outcome.VERIFIED, 8)

    def test_receipt_image_and_key_of_one_attempt_agree(self):
        verdict = verify(
            receipt_of(IMAGE),
            keys=KEYS,
            image=look_at_image(IMAGE.png),
            key=look_at_key(IMAGE.key_file, openers=OPEN, image=IMAGE.png),
        )
        assert verdict.outcome is Outcome.VERIFIED
        assert len(verdict.checks) == 8

    def test_evidence_of_two_attempts_does_not_match(self):
        verdict = verify(
            receipt_of(OTHER),
            keys=KEYS,
            image=look_at_image(IMAGE.png),
            key=look_at_key(IMAGE.key_file, openers=OPEN, image=IMAGE.png),
        )
        assert verdict.failed == (
            "image_sha256",
            "image_tag",
            "image_key_id",
            "key_file_key_id",
            "key_file_statement",
            "metadata_statement",
        )

    def test_each_flipped_bit_of_the_image_is_found(self):
        receipt, missed = receipt_of(IMAGE), []
        for position in range(len(BYTES)):
            seen = look_at_image(flipped(BYTES, position))
            if verify(receipt, keys=KEYS, image=seen).outcome is not Outcome.CHANGED:
                missed.append(position)
        assert missed == []
