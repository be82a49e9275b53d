import base64
import json
import os
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.keys import stanzas
from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.recipients import PublicKey, RecipientOpen, RecipientUnfit, RecipientWrap, SecretKey
from shield_core.keys.stanzas import PlainWrap
from tests.core.keys import hpke_reference as reference

FILE_KEY = bytes(range(32))
KEY_ID = UUID("019a8f3e-0000-7000-8000-000000000001")
OTHER_ID = UUID("019a8f3e-0000-7000-8000-000000000002")
INFO = b"imageshield/v1/recipient" + KEY_ID.bytes
SECRET = SecretKey(bytes(range(32)))
OTHER = SecretKey(bytes(32))

P = 2**255 - 19
LOW_ORDER = {
    0: "the neutral element",
    1: "order 4",
    325606250916557431795983626356110631294008115727848805560023387167927233504: "order 8",
    39382357235489614581723060781553021112529911719440698176882885853963445705823: "order 8 too",
    P - 1: "order 2",
    P: "0, not reduced",
    P + 1: "1, not reduced",
}
"""The points of the curve and its twist whose order divides 8, as Curve25519's page at cr.yp.to lists them."""


class TestReference:
    """The second implementation is right by published vectors."""

    VECTOR = json.loads(Path(__file__).with_name("hpke_pq_vector.json").read_text())["vector"]

    def hex(self, name):
        return bytes.fromhex(self.VECTOR[name])

    def test_draft_ietf_hpke_pq_encapsulation(self):
        seed = self.hex("skRm")
        assert reference.public_of(seed) == self.hex("pkRm")
        assert reference.decapsulate(self.hex("enc"), seed) == self.hex("shared_secret")

    def test_draft_ietf_hpke_pq_key_schedule(self):
        made = reference.key_schedule(self.hex("shared_secret"), self.hex("info"), self.hex("suite_id"))
        assert made == (self.hex("key"), self.hex("base_nonce"), self.hex("exporter_secret"))

    def test_draft_ietf_hpke_pq_message(self):
        message = {name: bytes.fromhex(value) for name, value in self.VECTOR["encryption"].items()}
        key, nonce, _ = reference.key_schedule(
            reference.decapsulate(self.hex("enc"), self.hex("skRm")), self.hex("info"), self.hex("suite_id")
        )
        assert ChaCha20Poly1305(key).decrypt(nonce, message["ct"], message["aad"]) == message["pt"]

    def test_suite_id_differs_from_vector_only_in_cipher(self):
        assert self.hex("suite_id")[:-2] == reference.SUITE[:-2]

    def test_encapsulation_and_decapsulation_agree(self):
        seed = os.urandom(32)
        shared_secret, ciphertext = reference.encapsulate(reference.public_of(seed))
        assert reference.decapsulate(ciphertext, seed) == shared_secret


class TestKeys:
    def test_public_key_of_the_published_seed(self):
        """draft-connolly-cfrg-xwing-kem-08, appendix C, first vector: how its `pk` begins."""
        seed = bytes.fromhex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")
        beginning = "e2236b35a8c24b39b10aa1323a96a919a2ced88400633a7b07131713fc14b2b5b19cfc3d"
        assert SecretKey(seed).public.data.hex().startswith(beginning)

    def test_public_key_of_the_vector_of_hpke(self):
        vector = TestReference.VECTOR
        assert SecretKey(bytes.fromhex(vector["skRm"])).public.data.hex() == vector["pkRm"]

    def test_a_new_secret_key_is_another(self):
        assert len({SecretKey.generate().seed for _ in range(100)}) == 100

    @pytest.mark.parametrize("size", [0, 31, 33, 64])
    def test_a_secret_key_of_another_length_is_refused(self, size):
        with pytest.raises(RecipientUnfit):
            SecretKey(bytes(size))

    @pytest.mark.parametrize("size", [0, 1184, 1215, 1217])
    def test_a_public_key_of_another_length_is_refused(self, size):
        with pytest.raises(RecipientUnfit):
            PublicKey((SECRET.public.data * 2)[:size])

    @pytest.mark.parametrize("top", [0, 1 << 255], ids=["reduced", "top bit"])
    @pytest.mark.parametrize("point", LOW_ORDER, ids=LOW_ORDER.values())
    def test_an_x25519_point_of_low_order_is_refused(self, point, top):
        data = SECRET.public.data[:1184] + (point | top).to_bytes(32, "little")
        with pytest.raises(RecipientUnfit, match="no use"):
            PublicKey(data)

    def test_too_large_coefficient_is_refused(self):
        """FIPS 203, section 7.2: every 12-bit coefficient is below q = 3329."""
        ml_kem, x25519 = SECRET.public.data[:1184], SECRET.public.data[1184:]
        for coefficient in (3329, 4095):
            first = coefficient.to_bytes(2, "little")
            with pytest.raises(RecipientUnfit, match="no use"):
                PublicKey(bytes([first[0], ml_kem[1] & 0xF0 | first[1]]) + ml_kem[2:] + x25519)
        largest = (3328).to_bytes(2, "little")
        PublicKey(bytes([largest[0], ml_kem[1] & 0xF0 | largest[1]]) + ml_kem[2:] + x25519)


class TestText:
    def test_is_what_the_specification_writes(self):
        for key, prefix in ((SECRET.seed, "secret"), (SECRET.public.data, "public")):
            checked = key + sha256(key).digest()[:4]
            written = f"imageshield-{prefix}-1:" + base64.urlsafe_b64encode(checked).decode().rstrip("=")
            assert written in {SECRET.text, SECRET.public.text}
        assert (len(SECRET.text), len(SECRET.public.text)) == (69, 1648)

    @pytest.mark.slow
    @settings(deadline=None)
    @given(st.binary(min_size=32, max_size=32))
    def test_text_round_trip(self, seed):
        secret = SecretKey(seed)
        assert SecretKey.parse(secret.text) == secret
        assert PublicKey.parse(secret.public.text) == secret.public

    def test_a_secret_key_is_no_recipient(self):
        with pytest.raises(RecipientUnfit, match="secret key, to be kept"):
            PublicKey.parse(SECRET.text)

    def test_a_public_key_opens_nothing(self):
        with pytest.raises(RecipientUnfit, match="opens nothing"):
            SecretKey.parse(SECRET.public.text)

    @pytest.mark.parametrize("kind", ["secret", "public"])
    @pytest.mark.parametrize(
        ("spoil", "reason"),
        [
            (lambda text: "", "begins with imageshield-"),
            (lambda text: "age1qqqqqqqqqqqq", "begins with imageshield-"),
            (lambda text: text.upper(), "begins with imageshield-"),
            (lambda text: " " + text, "begins with imageshield-"),
            (lambda text: text.replace("-1:", "-2:"), "begins with imageshield-"),
            (lambda text: text.split(":")[0] + ":", "cut off"),
            (lambda text: text[:-1], "cut off"),
            (lambda text: text + "=", "cut off"),
            (lambda text: text + "\n", "cut off"),
            (lambda text: text * 2, "cut off"),
            (lambda text: text[:-1] + "!", "no key has"),
            (lambda text: text[:-1] + "é", "no key has"),
            (lambda text: text[:30] + " " + text[31:], "no key has"),
            (lambda text: text[:30] + ("B" if text[30] == "A" else "A") + text[31:], "mistyped"),
            (lambda text: text[:30] + text[31] + text[30] + text[32:], "mistyped"),
            (lambda text: text[:-1] + ("B" if text[-1] == "A" else "A"), "mistyped"),
        ],
    )
    def test_error_names_fault_but_not_the_key(self, kind, spoil, reason):
        text, parse = {"secret": (SECRET.text, SecretKey.parse), "public": (SECRET.public.text, PublicKey.parse)}[kind]
        assert text[30] != text[31]
        with pytest.raises(RecipientUnfit, match=reason) as caught:
            parse(spoil(text))
        assert text[25:35] not in f"{caught.value!r} {caught.value.__cause__!r}"
        assert caught.value.__suppress_context__ or caught.value.__context__ is None

    def test_every_mistyped_character_is_noticed(self):
        text = SECRET.text
        for at in range(21, len(text)):
            for other in "Aa0-_+/":
                if other != text[at]:
                    with pytest.raises(RecipientUnfit):
                        SecretKey.parse(text[:at] + other + text[at + 1 :])

    def test_the_other_alphabet_of_base64_is_refused(self):
        secret = next(key for key in map(SecretKey, (bytes([n]) * 32 for n in range(256))) if "_" in key.text)
        with pytest.raises(RecipientUnfit, match="mistyped"):
            SecretKey.parse(secret.text.replace("_", "/"))


class TestSeal:
    def test_reference_opens_sealed_file_key(self):
        for _ in range(10):
            assert reference.open_(SECRET.seed, INFO, SECRET.public.seal(FILE_KEY, info=INFO)) == FILE_KEY

    def test_file_key_sealed_by_reference_opens(self):
        for _ in range(10):
            assert SECRET.open(reference.seal(SECRET.public.data, INFO, FILE_KEY), info=INFO) == FILE_KEY

    @pytest.mark.parametrize("info", [b"", INFO[:-1], INFO + b"\0", b"imageshield/v1/recipient" + OTHER_ID.bytes])
    def test_another_info_opens_nothing(self, info):
        sealed = SECRET.public.seal(FILE_KEY, info=INFO)
        assert SECRET.open(sealed, info=info) is None
        with pytest.raises(InvalidTag):
            reference.open_(SECRET.seed, info, sealed)

    def test_another_secret_key_opens_nothing(self):
        assert OTHER.open(SECRET.public.seal(FILE_KEY, info=INFO), info=INFO) is None

    @pytest.mark.slow
    def test_each_flipped_byte_and_each_cut_opens_nothing(self):
        sealed = SECRET.public.seal(FILE_KEY, info=INFO)
        for at in range(len(sealed)):
            assert SECRET.open(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], info=INFO) is None
        for size in (0, 1, 31, 1119, 1120, 1136, 1167):
            assert SECRET.open(sealed[:size], info=INFO) is None

    @pytest.mark.parametrize("point", LOW_ORDER, ids=LOW_ORDER.values())
    def test_low_order_point_in_encapsulation_opens_nothing(self, point):
        sealed = SECRET.public.seal(FILE_KEY, info=INFO)
        assert SECRET.open(sealed[:1088] + point.to_bytes(32, "little") + sealed[1120:], info=INFO) is None

    def test_the_same_twice_is_another_each_time(self):
        assert len({SECRET.public.seal(FILE_KEY, info=INFO)[:1120] for _ in range(100)}) == 100


class TestStanza:
    STANZA = RecipientWrap(SECRET.public).wrap(FILE_KEY, KEY_ID)

    def test_round_trip(self):
        assert RecipientOpen(SECRET).open(self.STANZA, KEY_ID) == FILE_KEY

    def test_is_what_the_specification_writes(self):
        assert self.STANZA.keys() == {"type", "hint_b64", "body_b64"}
        assert self.STANZA["hint_b64"] == b64encode(sha256(SECRET.public.data).digest()[:8])
        assert len(b64decode(self.STANZA["body_b64"])) == 1168
        assert reference.open_(SECRET.seed, INFO, b64decode(self.STANZA["body_b64"])) == FILE_KEY
        assert stanzas.check([self.STANZA]) == (self.STANZA,)

    def test_other_recipient_opens_nothing_with_any_hint(self):
        assert RecipientOpen(OTHER).open(self.STANZA, KEY_ID) is None
        disguised = self.STANZA | {"hint_b64": b64encode(OTHER.public.hint)}
        assert RecipientOpen(OTHER).open(disguised, KEY_ID) is None

    def test_owner_skips_stanza_with_other_hint(self):
        disguised = self.STANZA | {"hint_b64": b64encode(OTHER.public.hint)}
        assert RecipientOpen(SECRET).open(disguised, KEY_ID) is None

    def test_another_key_id_opens_nothing(self):
        assert RecipientOpen(SECRET).open(self.STANZA, OTHER_ID) is None

    def test_does_not_open_another_kind(self):
        assert RecipientOpen(SECRET).open(PlainWrap().wrap(FILE_KEY, KEY_ID), KEY_ID) is None


class TestSecrecy:
    def test_nothing_shows_a_secret_key(self):
        shown = repr([SECRET, RecipientOpen(SECRET)]) + str(SECRET)
        for secret in (repr(SECRET.seed), SECRET.seed.hex(), SECRET.text[21:]):
            assert secret not in shown
