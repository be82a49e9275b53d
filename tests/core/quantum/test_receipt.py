import base64
import copy
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.errors import ReceiptInvalid
from shield_core.keys import canonical
from shield_core.keys.jwk import Algorithm
from shield_core.quantum.receipt import MAX_BYTES, Signer, encode, message, parse, seal
from shield_core.quantum.verdict import Outcome, verify
from tests.core.quantum.statements import (
    BOTH,
    IMAGE_SHA256,
    KEY_ID,
    SIGNER,
    STRANGER,
    TAG,
    keys_of,
    make_receipt,
    make_statement,
)

SIGNED = make_receipt()
UNSIGNED = make_receipt(None)
DOUBLY = make_receipt(BOTH)
OTHER = make_receipt(STRANGER)
TRUSTED = keys_of(BOTH)


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def outcome(data):
    return verify(parse(data), keys=TRUSTED).outcome


def refused(value):
    with pytest.raises(ReceiptInvalid) as caught:
        parse(encode(value))
    return str(caught.value)


class TestSeal:
    def test_has_the_fields_of_the_specification(self):
        assert SIGNED.keys() == {
            "statement",
            "statement_sha256",
            "image_sha256",
            "tag_b64",
            "signer",
            "signature_b64",
        }
        assert (SIGNED["image_sha256"], base64.b64decode(SIGNED["tag_b64"])) == (IMAGE_SHA256, TAG)
        assert SIGNED["statement_sha256"] == hashlib.sha256(compact(SIGNED["statement"])).hexdigest()

    def test_signature_covers_label_and_unsigned_receipt(self):
        """Ed25519("imageshield/v1/receipt" ‖ 00 ‖ canonical JSON without `signature_b64`), written out by hand."""
        rest = {name: value for name, value in SIGNED.items() if name != "signature_b64"}
        signed = b"imageshield/v1/receipt\x00" + compact(rest)
        private = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
        assert base64.b64decode(SIGNED["signature_b64"]) == private.sign(signed)

    def test_signer_is_thumbprint_of_rfc_7638(self):
        public = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(public).rstrip(b"=").decode()
        digest = hashlib.sha256(f'{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}'.encode()).digest()
        assert SIGNED["signer"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def test_without_a_signer_says_so(self):
        assert (UNSIGNED["signer"], UNSIGNED["signature_b64"]) == (None, None)

    def test_ed25519_covers_ml_dsa_65_signature(self):
        """Both signatures cover the names of both signers."""
        assert DOUBLY.keys() - SIGNED.keys() == {"signer_ml_dsa_65", "signature_ml_dsa_65_b64"}
        first = {k: v for k, v in DOUBLY.items() if k not in {"signature_b64", "signature_ml_dsa_65_b64"}}
        second = {k: v for k, v in DOUBLY.items() if k != "signature_b64"}
        assert message(DOUBLY, Algorithm.ML_DSA_65) == b"imageshield/v1/receipt\x00" + compact(first)
        assert message(DOUBLY, Algorithm.ED25519) == b"imageshield/v1/receipt\x00" + compact(second)
        assert DOUBLY["signer"] == SIGNED["signer"]

    def test_replaces_what_unicode_cannot_hold_before_it_signs(self):
        made = seal(make_statement(job_id="job\ud800"), image_sha256=IMAGE_SHA256, tag=TAG, signer=SIGNER)
        assert made["statement"]["job_id"] == "job\ufffd"
        assert outcome(encode(made)) is Outcome.VERIFIED

    def test_no_private_key_shows_in_a_repr(self):
        assert repr(BOTH) == "Signer()"

    @pytest.mark.parametrize("seeds", [(bytes(31), None), (bytes(32), bytes(33))])
    def test_a_seed_of_another_length_makes_no_signer(self, seeds):
        with pytest.raises(ValueError, match="32"):
            Signer.from_seeds(*seeds)


class TestFile:
    @pytest.mark.parametrize("made", [SIGNED, DOUBLY])
    @pytest.mark.parametrize("write", [encode, compact])
    def test_both_canonical_forms_verify(self, made, write):
        assert outcome(write(made)) is Outcome.VERIFIED

    def test_what_is_read_is_what_was_written(self):
        receipt = parse(encode(SIGNED))
        assert (receipt.key_id, receipt.job_id) == (KEY_ID, SIGNED["statement"]["job_id"])
        assert (receipt.image_sha256, receipt.tag) == (IMAGE_SHA256, TAG)
        assert receipt.statement == SIGNED["statement"]
        assert receipt.signers == {Algorithm.ED25519: SIGNED["signer"]}

    def test_it_survives_json_of_a_database(self):
        assert outcome(encode(json.loads(json.dumps(SIGNED)))) is Outcome.VERIFIED

    @pytest.mark.parametrize(
        "spell",
        [
            lambda value: json.dumps(value).encode(),
            lambda value: json.dumps(value, sort_keys=True, indent=4).encode(),
            lambda value: encode(value).rstrip(b"\n"),
            lambda value: encode(value) + b"\n",
            lambda value: b"\xef\xbb\xbf" + encode(value),
            lambda value: encode(value).replace(b"\n", b"\r\n"),
            lambda value: encode(value).replace(b'"aer"', b'"\\u0061er"').replace(b'"balanced"', b'"\\u0062alanced"'),
        ],
    )
    def test_another_spelling_of_a_signed_one_is_refused(self, spell):
        data = spell(SIGNED)
        assert data != encode(SIGNED)
        with pytest.raises(ReceiptInvalid, match="not canonical"):
            parse(data)

    def test_duplicate_name_is_refused(self):
        data = compact(SIGNED)
        with pytest.raises(ReceiptInvalid, match="not canonical"):
            parse(data[:-1] + b',"tag_b64":"' + SIGNED["tag_b64"].encode() + b'"}')

    @pytest.mark.parametrize("write", [encode, compact, lambda value: json.dumps(value, indent=3).encode()])
    def test_unsigned_receipt_is_read_in_any_spelling(self, write):
        """An earlier version of the service sent them compact, in the order of creation."""
        assert outcome(write(UNSIGNED)) is Outcome.UNSIGNED

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"\xff",
            b"null",
            b"[]",
            b"{}",
            b'{"signer":null}',
            b'{"signer":null,"x":NaN}',
            b'{"a":' * 100_000,
            b"[" * 100_000,
            b"\x89PNG\r\n\x1a\n",
        ],
        ids=lambda data: repr(data[:20]),
    )
    def test_what_is_no_receipt_is_refused(self, data):
        with pytest.raises(ReceiptInvalid):
            parse(data)

    def test_a_large_one_is_refused_unread(self):
        with pytest.raises(ReceiptInvalid, match="1 MiB"):
            parse(encode(SIGNED) + b" " * MAX_BYTES)


def named_field(value):
    """Name a case by its field only: signatures and digests differ in every run."""
    return value if isinstance(value, str) and value in DOUBLY else ""


class TestFields:
    @pytest.mark.parametrize("name", sorted(SIGNED))
    def test_none_may_be_missing(self, name):
        assert "missing or additional" in refused({key: value for key, value in SIGNED.items() if key != name})

    @pytest.mark.parametrize("made", [SIGNED, UNSIGNED])
    def test_no_other_may_be_there(self, made):
        assert "missing or additional" in refused(made | {"note": "x"})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("statement", None),
            ("statement", []),
            ("statement_sha256", "ab" * 32),
            ("statement_sha256", SIGNED["statement_sha256"].upper()),
            ("statement_sha256", None),
            ("image_sha256", "ab" * 31),
            ("image_sha256", "AB" * 32),
            ("image_sha256", 7),
            ("tag_b64", None),
            ("tag_b64", "AAAA"),
            ("tag_b64", "A" * 43),
            ("tag_b64", SIGNED["tag_b64"].replace("=", "")),
            ("signer", None),
            ("signer", "short"),
            ("signer", 7),
            ("signer", "é" * 43),
            ("signature_b64", None),
            ("signature_b64", ""),
            ("signature_b64", base64.b64encode(bytes(63)).decode()),
        ],
        ids=named_field,
    )
    def test_each_has_its_form(self, name, value):
        assert refused(SIGNED | {name: value})

    @pytest.mark.parametrize(
        "change",
        [
            {"signer_ml_dsa_65": None},
            {"signature_ml_dsa_65_b64": None},
            {"signer_ml_dsa_65": "x"},
            {"signature_ml_dsa_65_b64": base64.b64encode(bytes(3308)).decode()},
            {"signer": None, "signature_b64": None},
        ],
    )
    def test_incomplete_ml_dsa_65_fields_are_refused(self, change):
        assert refused(DOUBLY | change)

    @pytest.mark.parametrize("name", ["signer_ml_dsa_65", "signature_ml_dsa_65_b64"])
    def test_single_ml_dsa_65_field_is_refused(self, name):
        assert "all present or all absent" in refused({key: value for key, value in DOUBLY.items() if key != name})

    def test_changed_statement_fails_its_digest(self):
        changed = copy.deepcopy(SIGNED)
        changed["statement"]["raw"]["shots"] = 7
        assert "statement_sha256" in refused(changed)


class TestChanges:
    """Without the key, a changed receipt does not verify."""

    @pytest.mark.parametrize(
        ("made", "name", "value"),
        [
            (made, name, value)
            for made in (SIGNED, DOUBLY)
            for name, value in (
                ("image_sha256", "cd" * 32),
                ("tag_b64", base64.b64encode(bytes(32)).decode()),
                *((name, OTHER[name]) for name in made if name.startswith("sign")),
            )
        ],
        ids=named_field,
    )
    def test_a_change_of_any_covered_field_shows(self, made, name, value):
        assert made[name] != value
        data = encode(made | {name: value})
        assert outcome(data) is not Outcome.VERIFIED
        assert verify(parse(data), keys=TRUSTED | keys_of(STRANGER)).outcome is Outcome.CHANGED

    @pytest.mark.parametrize("made", [SIGNED, DOUBLY], ids=["ed25519", "both"])
    def test_another_statement_with_its_own_digest_shows(self, made):
        other = make_receipt(STRANGER, make_statement(job_id="job_2"))
        assert outcome(encode(made | {name: other[name] for name in ("statement", "statement_sha256")})) is (
            Outcome.CHANGED
        )

    @pytest.mark.slow
    @pytest.mark.parametrize(("write", "step"), [(encode, 1), (compact, 5)])
    def test_every_flipped_bit_is_refused_or_found(self, write, step):
        data = bytearray(write(SIGNED))
        survivors = []
        for position in range(0, len(data) * 8, step):
            data[position // 8] ^= 1 << position % 8
            try:
                if outcome(bytes(data)) in {Outcome.VERIFIED, Outcome.UNSIGNED}:
                    survivors.append(position)
            except ReceiptInvalid:
                pass
            data[position // 8] ^= 1 << position % 8
        assert survivors == []

    def test_every_cut_is_refused(self):
        data = encode(SIGNED)
        for size in range(len(data)):
            with pytest.raises(ReceiptInvalid):
                parse(data[:size])

    def test_stripped_signature_leaves_unsigned_receipt(self):
        stripped = SIGNED | {"signer": None, "signature_b64": None}
        assert outcome(encode(stripped)) is Outcome.UNSIGNED

    def test_the_second_signature_taken_away_spoils_the_first(self):
        stripped = {key: value for key, value in DOUBLY.items() if "ml_dsa" not in key}
        assert outcome(encode(stripped)) is Outcome.CHANGED

    def test_a_second_signature_added_spoils_the_first(self):
        added = SIGNED | {key: value for key, value in DOUBLY.items() if "ml_dsa" in key}
        assert outcome(encode(added)) is Outcome.CHANGED

    @pytest.mark.slow
    @settings(max_examples=80, deadline=None)
    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=8,
        )
    )
    def test_any_field_value_is_refused_or_found(self, value):
        for name in SIGNED:
            try:
                data = json.dumps(SIGNED | {name: value}, sort_keys=True, indent=2, ensure_ascii=False).encode(
                    "utf-8", "replace"
                )
                found = outcome(data + b"\n")
            except ReceiptInvalid:
                continue
            assert found is not Outcome.VERIFIED or value == SIGNED[name]

    @settings(max_examples=200, deadline=None)
    @given(st.binary(max_size=400))
    def test_noise_is_refused(self, data):
        with pytest.raises(ReceiptInvalid):
            parse(data)


def test_canonical_form_is_that_of_key_files():
    assert canonical.loads_indented(encode(SIGNED)) == SIGNED
