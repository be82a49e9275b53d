import time

import argon2.low_level
import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical
from shield_core.keys.passphrase import Kdf, PassphraseUnfit, check_new_passphrase, derive_wrap_key

SALT = bytes(range(16))
WEAK = Kdf(SALT, m_kib=19_456, t=1, p=1)
"""The least that is accepted: strength is not what most tests are about."""


class TestArgon2id:
    def test_rfc_9106_section_5_3(self):
        """The primitive; our own function takes neither secret nor associated data."""
        tag = Argon2id(
            salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\4" * 12, secret=b"\3" * 8
        ).derive(b"\1" * 32)
        assert tag.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


class TestDeriveWrapKey:
    @pytest.mark.parametrize("kdf", [WEAK, Kdf(SALT, m_kib=20_000, t=2, p=3), Kdf(SALT)])
    def test_is_what_the_reference_implementation_derives(self, kdf):
        """argon2-cffi wraps the reference implementation of Argon2's authors."""
        expected = argon2.low_level.hash_secret_raw(
            b"correct horse", kdf.salt, kdf.t, kdf.m_kib, kdf.p, 32, argon2.low_level.Type.ID, 0x13
        )
        assert derive_wrap_key("correct horse", kdf) == expected

    def test_composed_and_decomposed_letters_are_the_same_passphrase(self):
        assert derive_wrap_key("caf\u00e9 au lait", WEAK) == derive_wrap_key("cafe\u0301 au lait", WEAK)

    def test_compatibility_letters_are_not(self):
        assert derive_wrap_key("\ufb01sh and chips", WEAK) != derive_wrap_key("fish and chips", WEAK)

    def test_another_salt_gives_another_key(self):
        assert derive_wrap_key("correct horse", WEAK) != derive_wrap_key("correct horse", Kdf(bytes(16), 19_456, 1, 1))

    @pytest.mark.parametrize("passphrase", ["x" * 1025, "ä" * 513, "x" * 10_000_000, "\ud800" * 12])
    def test_refuses_what_is_too_long_or_no_text_without_deriving(self, passphrase):
        started = time.process_time()
        with pytest.raises(PassphraseUnfit) as caught:
            derive_wrap_key(passphrase, Kdf(SALT, m_kib=1_048_576, t=4, p=1))
        assert time.process_time() - started < 0.5
        assert passphrase[:12] not in str(caught.value)


class TestCheckNewPassphrase:
    @pytest.mark.parametrize("passphrase", ["x" * 12, "x" * 1024, "ä" * 6, "ä" * 512, "한" * 4, "correct horse"])
    def test_takes_12_to_1024_bytes(self, passphrase):
        check_new_passphrase(passphrase)

    @pytest.mark.parametrize("passphrase", ["", "x" * 11, "x" * 1025, "ä" * 5, "e\u0301" * 5, "\udcff" * 20])
    def test_refuses_every_other_length(self, passphrase):
        with pytest.raises(PassphraseUnfit):
            check_new_passphrase(passphrase)

    def test_counts_after_composition(self):
        check_new_passphrase("e\u0301" * 512)
        check_new_passphrase("\u1112\u1161\u11ab" * 341)


class TestKdf:
    def test_new_has_the_recommended_cost_and_a_salt_of_its_own(self):
        first, second = Kdf.new(), Kdf.new()
        assert (first.m_kib, first.t, first.p, len(first.salt)) == (65_536, 3, 4, 16)
        assert first.salt != second.salt

    def test_round_trip(self):
        assert Kdf.from_json(WEAK.to_json()) == WEAK
        assert Kdf.from_json(canonical.loads(canonical.dumps(WEAK.to_json()))) == WEAK

    @pytest.mark.parametrize("edge", [(19_456, 10, 16), (1_048_576, 4, 1), (419_430, 10, 1)])
    def test_takes_everything_up_to_its_caps(self, edge):
        m_kib, t, p = edge
        assert Kdf(SALT, m_kib, t, p).m_kib == m_kib

    @pytest.mark.parametrize(
        "change",
        [
            {"m_kib": 19_455},
            {"m_kib": 1_048_577},
            {"m_kib": 4_194_304},
            {"m_kib": 2**53 - 1},
            {"m_kib": 0},
            {"m_kib": -1},
            {"m_kib": "65536"},
            {"m_kib": True},
            {"m_kib": None},
            {"t": 0},
            {"t": 11},
            {"t": True},
            {"p": 0},
            {"p": 17},
            {"p": []},
            {"m_kib": 1_048_576, "t": 5},
            {"m_kib": 419_431, "t": 10},
            {"salt_b64": canonical.b64encode(bytes(15))},
            {"salt_b64": canonical.b64encode(bytes(17))},
            {"salt_b64": "AAAA"},
            {"salt_b64": "not base64"},
            {"salt_b64": None},
            {"name": "argon2i"},
            {"name": "pbkdf2-hmac-sha256"},
            {"name": None},
            {"name": ["argon2id"]},
            {"secret_b64": "AAAA"},
        ],
    )
    def test_refuses_every_other_value_before_anything_is_derived(self, change):
        with pytest.raises(KeyFileInvalid):
            Kdf.from_json(WEAK.to_json() | change)

    @pytest.mark.parametrize("value", [None, [], "argon2id", {}, {"name": "argon2id"}])
    def test_refuses_what_is_no_parameter_object(self, value):
        with pytest.raises(KeyFileInvalid):
            Kdf.from_json(value)
