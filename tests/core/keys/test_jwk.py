import base64
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA65PrivateKey

from shield_core.errors import KeySetInvalid
from shield_core.keys.jwk import MAX_BYTES, PRIVATE_MEMBERS, Algorithm, PublicKey, parse, write

ED25519 = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
ML_DSA_65 = MLDSA65PrivateKey.from_seed_bytes(bytes(range(32)))
PUBLIC = PublicKey(Algorithm.ED25519, ED25519.public_key().public_bytes_raw())
SECOND = PublicKey(Algorithm.ML_DSA_65, ML_DSA_65.public_key().public_bytes_raw())


def a_set(*entries):
    return json.dumps({"keys": entries}).encode()


def taken(*entries, use="receipt"):
    return set(parse(a_set(*entries), use=use).keys)


class TestThumbprint:
    def test_ed25519_thumbprint_is_that_of_rfc_8037(self):
        raw = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
        assert PublicKey(Algorithm.ED25519, raw).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"

    def test_ml_dsa_65_thumbprint_follows_rfc_9964(self):
        raw = MLDSA65PrivateKey.from_seed_bytes(bytes(32)).public_key().public_bytes_raw()
        kid = PublicKey(Algorithm.ML_DSA_65, raw).kid
        assert kid.startswith("Suiu29qb")
        assert base64.urlsafe_b64decode(kid + "=").hex() == (
            "4ae8aedbda9b7ee681691e00b6cf9ce9740178f07f3a903103071347fd0a5d53"
        )


class TestPublicKey:
    def test_ed25519_is_written_as_rfc_8037_has_it(self):
        jwk = PUBLIC.to_jwk(use="receipt")
        assert jwk.keys() == {"kty", "crv", "x", "kid", "use", "alg", "imageshield_use"}
        assert (jwk["kty"], jwk["crv"], jwk["use"], jwk["alg"]) == ("OKP", "Ed25519", "sig", "EdDSA")

    def test_ml_dsa_65_jwk_follows_rfc_9964(self):
        jwk = SECOND.to_jwk(use="receipt")
        assert jwk.keys() == {"kty", "alg", "pub", "kid", "use", "imageshield_use"}
        assert (jwk["kty"], jwk["alg"], jwk["use"]) == ("AKP", "ML-DSA-65", "sig")

    def test_vectors_of_rfc_8032_verify(self):
        """RFC 8032, section 7.1, the first two vectors."""
        for public, message, signature in (
            (
                "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
                "",
                "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
            ),
            (
                "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
                "72",
                "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
            ),
        ):
            key = PublicKey(Algorithm.ED25519, bytes.fromhex(public))
            assert key.verify(bytes.fromhex(signature), bytes.fromhex(message))
            assert not key.verify(bytes.fromhex(signature), bytes.fromhex(message) + b"\0")

    def test_verifies_ml_dsa_65_and_nothing_else(self):
        signature = ML_DSA_65.sign(b"message")
        assert SECOND.verify(signature, b"message")
        assert not SECOND.verify(signature, b"another")
        assert not SECOND.verify(signature[:-1], b"message")
        assert not SECOND.verify(ML_DSA_65.sign(b"message", b"a context"), b"message")

    @pytest.mark.parametrize(("algorithm", "size"), [(Algorithm.ED25519, 31), (Algorithm.ML_DSA_65, 1951)])
    def test_of_another_length_is_none(self, algorithm, size):
        with pytest.raises(ValueError, match="has"):
            PublicKey(algorithm, bytes(size))


class TestSet:
    def test_what_is_written_is_read(self):
        found = parse(json.dumps({"keys": write([PUBLIC, SECOND], use="receipt")}).encode(), use="receipt")
        assert dict(found.keys) == {PUBLIC.kid: PUBLIC, SECOND.kid: SECOND}
        assert found.passed_over == ()

    def test_both_names_of_the_algorithm_are_read(self):
        assert taken(PUBLIC.to_jwk(use="receipt") | {"alg": "Ed25519"}) == {PUBLIC.kid}

    def test_a_key_for_something_else_is_passed_over(self):
        found = parse(a_set(PUBLIC.to_jwk(use="access-token"), SECOND.to_jwk(use="receipt")), use="receipt")
        assert set(found.keys) == {SECOND.kid}
        assert found.passed_over == ("a key for something else",)

    @pytest.mark.parametrize(
        "change",
        [
            {"imageshield_use": None},
            {"imageshield_use": ["receipt"]},
            {"kty": "EC"},
            {"kty": ["OKP"]},
            {"kty": {}},
            {"kty": None},
            {"kty": "oct"},
            {"crv": "Ed448"},
            {"crv": 7},
            {"crv": None},
            {"use": "enc"},
            {"use": None},
            {"alg": "ES256"},
            {"alg": "none"},
            {"alg": ["EdDSA"]},
            {"alg": None},
            {"x": None},
            {"x": 5},
            {"x": ""},
            {"x": "é"},
            {"x": "A" * 42},
            {"x": "A" * 44},
            {"x": "*" * 43},
            {"kid": None},
            {"kid": SECOND.kid},
            {"kid": "key-1"},
        ],
    )
    def test_malformed_key_is_skipped(self, change):
        found = parse(a_set(PUBLIC.to_jwk(use="receipt") | change), use="receipt")
        assert found.keys == {}
        assert len(found.passed_over) == 1

    def test_other_base64url_spelling_is_skipped(self):
        x = PUBLIC.to_jwk(use="receipt")["x"]
        alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        # 43 characters hold 258 bits, so the last two of them count for nothing.
        other = x[:-1] + alphabet[alphabet.index(x[-1]) ^ 1]
        assert taken(PUBLIC.to_jwk(use="receipt") | {"x": other}) == set()
        assert taken(PUBLIC.to_jwk(use="receipt") | {"x": x + "="}) == set()

    @pytest.mark.parametrize("member", sorted(PRIVATE_MEMBERS))
    def test_private_key_member_refuses_the_whole_set(self, member):
        secret = "c2VjcmV0LWNhbmFyeQ"
        entry = PUBLIC.to_jwk(use="something else") | {member: secret}
        with pytest.raises(KeySetInvalid, match="private key") as caught:
            parse(a_set(SECOND.to_jwk(use="receipt"), entry), use="receipt")
        assert secret not in str(caught.value)

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"\xff\xfe",
            b"null",
            b"[]",
            b"{}",
            b'{"keys":{}}',
            b'{"keys":[1]}',
            b'{"keys":[[]]}',
            b'{"keys":[],"keys":[]}',
            b'{"keys":[{"kid":"a","kid":"b"}]}',
            b'{"keys":[],"x":NaN}',
            b'{"keys":[],"x":' + b"9" * 5000 + b"}",
            b'{"keys":' + b"[" * 100_000,
            '{"keys":[]}'.encode("utf-16"),
            b"<html>not found</html>",
            b'{"keys":[]}' + b" " * MAX_BYTES,
        ],
        ids=lambda data: repr(data[:20]),
    )
    def test_malformed_set_is_refused_and_not_quoted(self, data):
        with pytest.raises(KeySetInvalid) as caught:
            parse(data, use="receipt")
        assert caught.value.__cause__ is None
        assert "html" not in str(caught.value)

    def test_an_empty_set_holds_nothing(self):
        assert parse(b'{"keys":[]}', use="receipt").keys == {}

    def test_a_large_set_is_read_in_time(self):
        entries = [{"kty": "OKP", "crv": "Ed25519", "imageshield_use": "receipt", "x": "A" * 43}] * 9000
        assert len(parse(a_set(*entries), use="receipt").passed_over) == 9000
