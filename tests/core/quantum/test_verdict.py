from dataclasses import replace
from uuid import UUID

import pytest

from shield_core.keys.jwk import Algorithm, PublicKey
from shield_core.quantum.receipt import encode, parse
from shield_core.quantum.verdict import ImageEvidence, KeyEvidence, Outcome, Signature, verify
from tests.core.quantum.statements import (
    BOTH,
    IMAGE_SHA256,
    KEY_ID,
    SIGNER,
    STRANGER,
    TAG,
    keys_of,
    make_receipt,
)

RECEIPT = parse(encode(make_receipt()))
DOUBLY = parse(encode(make_receipt(BOTH)))
UNSIGNED = parse(encode(make_receipt(None)))
IMAGE = ImageEvidence(IMAGE_SHA256, KEY_ID, TAG)
KEY = KeyEvidence(KEY_ID, RECEIPT.statement_sha256)
WHOLE = replace(KEY, of_image=True, tag_holds=True, metadata_sha256=RECEIPT.statement_sha256)
OTHER_ID = UUID(int=7)


class TestSignature:
    def test_of_a_trusted_signer_is_valid(self):
        verdict = verify(RECEIPT, keys=keys_of(SIGNER))
        assert (verdict.signature, verdict.outcome) == (Signature.VALID, Outcome.VERIFIED)
        assert dict(verdict.checks) == {}

    def test_unknown_signer_is_unknown(self):
        verdict = verify(RECEIPT, keys=keys_of(STRANGER))
        assert (verdict.signature, verdict.outcome) == (Signature.UNKNOWN, Outcome.UNKNOWN)
        assert verify(RECEIPT, keys={}).outcome is Outcome.UNKNOWN

    def test_that_does_not_hold_is_a_change(self):
        changed = parse(encode({**RECEIPT.value, "image_sha256": "cd" * 32}))
        verdict = verify(changed, keys=keys_of(SIGNER))
        assert (verdict.outcome, verdict.failed) == (Outcome.CHANGED, ("signature",))

    def test_receipt_without_signature_is_unsigned(self):
        assert verify(UNSIGNED, keys=keys_of(SIGNER)).outcome is Outcome.UNSIGNED

    def test_key_of_other_scheme_is_unknown(self):
        wrong = PublicKey(Algorithm.ML_DSA_65, BOTH.public_keys[1].raw)
        assert verify(RECEIPT, keys={RECEIPT.signers[Algorithm.ED25519]: wrong}).signature is Signature.UNKNOWN


class TestTwoSignatures:
    def test_both_must_be_of_trusted_signers(self):
        assert verify(DOUBLY, keys=keys_of(BOTH)).outcome is Outcome.VERIFIED
        assert verify(DOUBLY, keys=keys_of(SIGNER)).outcome is Outcome.UNKNOWN
        second = {key.kid: key for key in BOTH.public_keys[1:]}
        assert verify(DOUBLY, keys=second).outcome is Outcome.UNKNOWN

    def test_both_must_hold(self):
        other = parse(encode(make_receipt(BOTH)))
        swapped = {**DOUBLY.value, "signature_ml_dsa_65_b64": other.value["signature_ml_dsa_65_b64"]}
        verdict = verify(parse(encode(swapped)), keys=keys_of(BOTH))
        assert verdict.signatures[Algorithm.ED25519] is Signature.INVALID
        assert verdict.outcome is Outcome.CHANGED

    def test_the_second_can_be_demanded(self):
        assert verify(RECEIPT, keys=keys_of(BOTH), demand_ml_dsa_65=True).outcome is Outcome.UNSIGNED
        assert verify(DOUBLY, keys=keys_of(BOTH), demand_ml_dsa_65=True).outcome is Outcome.VERIFIED


class TestImage:
    def test_that_is_the_one_of_the_receipt(self):
        verdict = verify(RECEIPT, keys=keys_of(SIGNER), image=IMAGE)
        assert dict(verdict.checks) == {"image_sha256": True, "image_tag": True, "image_key_id": True}
        assert verdict.outcome is Outcome.VERIFIED

    @pytest.mark.parametrize(
        ("image", "wrong"),
        [
            (replace(IMAGE, sha256="cd" * 32), "image_sha256"),
            (replace(IMAGE, tag=bytes(32)), "image_tag"),
            (replace(IMAGE, tag=None), "image_tag"),
            (replace(IMAGE, key_id=OTHER_ID), "image_key_id"),
            (replace(IMAGE, key_id=None), "image_key_id"),
        ],
    )
    def test_other_image_is_named_by_differing_parts(self, image, wrong):
        verdict = verify(RECEIPT, keys=keys_of(SIGNER), image=image)
        assert (verdict.outcome, verdict.failed) == (Outcome.CHANGED, (wrong,))

    def test_other_image_outweighs_unknown_signer(self):
        other = replace(IMAGE, sha256="cd" * 32)
        for receipt in (RECEIPT, UNSIGNED):
            assert verify(receipt, keys={}, image=other).outcome is Outcome.CHANGED


class TestKey:
    def test_alone_is_compared_by_key_id_and_digest(self):
        verdict = verify(RECEIPT, keys=keys_of(SIGNER), key=KEY)
        assert dict(verdict.checks) == {"key_file_key_id": True, "key_file_statement": True}
        assert verdict.outcome is Outcome.VERIFIED

    def test_with_the_image_also_what_the_image_holds(self):
        verdict = verify(RECEIPT, keys=keys_of(SIGNER), image=IMAGE, key=WHOLE)
        assert set(verdict.checks) == {
            "image_sha256",
            "image_tag",
            "image_key_id",
            "key_file_key_id",
            "key_file_statement",
            "key_file_of_image",
            "image_authentic",
            "metadata_statement",
        }
        assert verdict.outcome is Outcome.VERIFIED

    @pytest.mark.parametrize(
        ("key", "wrong"),
        [
            (replace(WHOLE, key_id=OTHER_ID), "key_file_key_id"),
            (replace(WHOLE, statement_sha256="cd" * 32), "key_file_statement"),
            (replace(KEY, of_image=False), "key_file_of_image"),
            (replace(KEY, of_image=True, tag_holds=False), "image_authentic"),
            (replace(WHOLE, metadata_sha256="cd" * 32), "metadata_statement"),
            (replace(WHOLE, metadata_sha256=""), "metadata_statement"),
        ],
    )
    def test_other_key_is_named_by_differing_parts(self, key, wrong):
        verdict = verify(RECEIPT, keys=keys_of(SIGNER), image=IMAGE, key=key)
        assert (verdict.outcome, verdict.failed) == (Outcome.CHANGED, (wrong,))
