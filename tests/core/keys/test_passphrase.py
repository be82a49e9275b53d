import hashlib
import time
from concurrent.futures import ThreadPoolExecutor

import argon2.low_level
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from hypothesis import given
from hypothesis import strategies as st

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical, passphrase
from shield_core.keys.passphrase import (
    Argon2,
    Kdf,
    PassphraseUnfit,
    Pbkdf2,
    WorkLimit,
    candidates,
    check_new_passphrase,
    clean,
    derive_wrap_key,
)

SALT = bytes(range(16))
WEAK = Argon2(SALT, m_kib=19_456, t=1, p=1)
"""The least that is accepted: strength is not what most tests are about."""

FIPS = Pbkdf2(SALT)


@pytest.fixture
def nothing_derives(monkeypatch):
    """Any derivation fails with another error than the expected one."""
    monkeypatch.setattr(passphrase, "Argon2id", None)
    monkeypatch.setattr(passphrase, "PBKDF2HMAC", None)


class TestArgon2id:
    def test_rfc_9106_section_5_3(self):
        """The primitive; the product's function takes neither secret nor associated data."""
        tag = Argon2id(
            salt=b"\2" * 16, length=32, iterations=3, lanes=4, memory_cost=32, ad=b"\4" * 12, secret=b"\3" * 8
        ).derive(b"\1" * 32)
        assert tag.hex() == "0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659"


class TestPbkdf2:
    @pytest.mark.parametrize(
        ("password", "salt", "iterations", "expected"),
        [
            (b"passwd", b"salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
            (b"Password", b"NaCl", 80_000, "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56"),
        ],
    )
    def test_rfc_7914_section_11(self, password, salt, iterations, expected):
        """The primitive, whose vectors have 64 bytes: the first block does not depend on the length."""
        derived = PBKDF2HMAC(hashes.SHA256(), length=32, salt=salt, iterations=iterations).derive(password)
        assert derived.hex() == expected


class TestDeriveWrapKey:
    @pytest.mark.slow
    @pytest.mark.parametrize("kdf", [WEAK, Argon2(SALT, m_kib=20_000, t=2, p=3), Argon2(SALT)])
    def test_is_what_the_reference_implementation_derives(self, kdf):
        """argon2-cffi wraps the reference implementation of Argon2's authors."""
        expected = argon2.low_level.hash_secret_raw(
            b"correct horse", kdf.salt, kdf.t, kdf.m_kib, kdf.p, 32, argon2.low_level.Type.ID, 0x13
        )
        assert derive_wrap_key("correct horse", kdf) == expected

    @pytest.mark.slow
    def test_pbkdf2_is_what_the_standard_library_derives(self):
        expected = hashlib.pbkdf2_hmac("sha256", b"correct horse", SALT, 600_000, 32)
        assert derive_wrap_key("correct horse", FIPS) == expected

    @pytest.mark.slow
    @pytest.mark.timeout(60)
    def test_concurrent_derivations_do_not_deadlock(self):
        lanes = Argon2(SALT, m_kib=19_456, t=1, p=4)
        with ThreadPoolExecutor(4) as threads:
            keys = list(threads.map(lambda _: derive_wrap_key("correct horse", lanes), range(24)))
        assert set(keys) == {derive_wrap_key("correct horse", lanes)}

    def test_composed_and_decomposed_letters_are_the_same_passphrase(self):
        assert derive_wrap_key("caf\u00e9 au lait", WEAK) == derive_wrap_key("cafe\u0301 au lait", WEAK)

    def test_compatibility_letters_are_not(self):
        assert derive_wrap_key("\ufb01sh and chips", WEAK) != derive_wrap_key("fish and chips", WEAK)

    def test_another_salt_gives_another_key(self):
        assert derive_wrap_key("correct horse", WEAK) != derive_wrap_key(
            "correct horse", Argon2(bytes(16), 19_456, 1, 1)
        )

    @pytest.mark.parametrize("passphrase", ["x" * 1025, "ä" * 513, "x" * 10_000_000, "\ud800" * 12])
    def test_overlong_or_invalid_passphrase_is_never_derived(self, passphrase):
        started = time.process_time()
        with pytest.raises(PassphraseUnfit) as caught:
            derive_wrap_key(passphrase, Argon2(SALT, m_kib=1_048_576, t=4, p=1))
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
    def test_new_kdf_has_recommended_cost_and_fresh_salt(self):
        first, second = Kdf.new(), Kdf.new()
        assert first == Argon2(first.salt, m_kib=65_536, t=3, p=4)
        assert (len(first.salt), first.salt == second.salt) == (16, False)

    def test_new_fips_kdf_has_600_000_iterations(self):
        """The salt is new as well."""
        first, second = Kdf.new(fips=True), Kdf.new(fips=True)
        assert first == Pbkdf2(first.salt, iterations=600_000)
        assert (len(first.salt), first.salt == second.salt) == (16, False)

    @pytest.mark.parametrize("kdf", [WEAK, FIPS])
    def test_round_trip(self, kdf):
        assert Kdf.from_json(kdf.to_json()) == kdf
        assert Kdf.from_json(canonical.loads(canonical.dumps(kdf.to_json()))) == kdf

    def test_is_what_the_specification_writes(self):
        salt = canonical.b64encode(SALT)
        assert WEAK.to_json() == {"name": "argon2id", "salt_b64": salt, "m_kib": 19_456, "t": 1, "p": 1}
        assert FIPS.to_json() == {"name": "pbkdf2-hmac-sha256", "salt_b64": salt, "iterations": 600_000}

    @pytest.mark.parametrize("edge", [(19_456, 10, 16), (1_048_576, 4, 1), (419_430, 10, 1)])
    def test_takes_every_argon2id_up_to_its_caps(self, edge):
        m_kib, t, p = edge
        assert Argon2(SALT, m_kib, t, p).m_kib == m_kib

    @pytest.mark.parametrize("iterations", [600_000, 10_000_000])
    def test_takes_every_pbkdf2_up_to_its_caps(self, iterations):
        assert Pbkdf2(SALT, iterations).iterations == iterations

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
            {"t": 10**9},
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
    @pytest.mark.usefixtures("nothing_derives")
    def test_refuses_every_other_argon2id_before_anything_is_derived(self, change):
        with pytest.raises(KeyFileInvalid):
            Kdf.from_json(WEAK.to_json() | change)

    @pytest.mark.parametrize(
        "change",
        [
            {"iterations": 599_999},
            {"iterations": 10_000_001},
            {"iterations": 10**9},
            {"iterations": 2**53 - 1},
            {"iterations": 1},
            {"iterations": 0},
            {"iterations": -600_000},
            {"iterations": "600000"},
            {"iterations": True},
            {"iterations": None},
            {"salt_b64": canonical.b64encode(bytes(15))},
            {"salt_b64": "AAAA="},
            {"name": "argon2id"},
            {"name": "pbkdf2-hmac-sha1"},
            {"m_kib": 65_536},
        ],
    )
    @pytest.mark.usefixtures("nothing_derives")
    def test_refuses_every_other_pbkdf2_before_anything_is_derived(self, change):
        with pytest.raises(KeyFileInvalid):
            Kdf.from_json(FIPS.to_json() | change)

    @pytest.mark.parametrize(
        "value", [None, [], "argon2id", {}, {"name": "argon2id"}, {"name": "pbkdf2-hmac-sha256"}, {"name": {}}]
    )
    def test_refuses_what_is_no_parameter_object(self, value):
        with pytest.raises(KeyFileInvalid):
            Kdf.from_json(value)


class TestWork:
    @pytest.mark.parametrize(
        ("kdf", "work"),
        [
            (Argon2(SALT), "64 MiB of memory and 3 passes"),
            (Argon2(SALT, m_kib=1_048_576, t=4), "1 GiB of memory and 4 passes"),
            (Argon2(SALT, m_kib=19_456, t=1), "19 MiB of memory and 1 pass"),
            (Pbkdf2(SALT, iterations=5_000_000), "5,000,000 iterations"),
        ],
    )
    def test_cost_is_described_in_words(self, kdf, work):
        assert kdf.work == work

    @pytest.mark.parametrize(
        ("kdf", "within"),
        [
            (Argon2(SALT), True),
            (Argon2(SALT, m_kib=65_537, t=1), False),
            (Argon2(SALT, m_kib=32_768, t=6), True),
            (Argon2(SALT, m_kib=32_769, t=6), False),
            (Pbkdf2(SALT), True),
            (Pbkdf2(SALT, iterations=600_001), False),
        ],
    )
    def test_limit_is_what_new_key_files_ask_for(self, kdf, within):
        assert WorkLimit().allows(kdf) is within

    def test_limit_of_a_service_is_higher(self):
        limit = WorkLimit(m_kib=131_072, cost_kib=524_288, iterations=1_200_000)
        assert limit.allows(Argon2(SALT, m_kib=131_072, t=4))
        assert not limit.allows(Argon2(SALT, m_kib=131_072, t=5))
        assert not limit.allows(Argon2(SALT, m_kib=131_073, t=1))
        assert limit.allows(Pbkdf2(SALT, iterations=1_200_000))
        assert not limit.allows(Pbkdf2(SALT, iterations=1_200_001))


MARKS, ENDS = ("", "\ufeff"), ("", "\n", "\r\n")


class TestCandidates:
    @given(typed=st.text(), mark=st.sampled_from(MARKS), end=st.sampled_from(ENDS))
    def test_cleaned_comes_first_and_unchanged_last(self, typed, mark, end):
        passphrase = mark + typed + end
        found = candidates(passphrase)
        assert len(found) == len(set(found)) <= 2
        assert set(found) <= {clean(passphrase), passphrase}
        if len(passphrase.encode(errors="replace")) <= 340 and passphrase.isprintable():
            assert (found[0], found[-1]) == (clean(passphrase), passphrase)

    @given(typed=st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufeff")))
    def test_surrounding_marks_are_removed_once(self, typed):
        for mark in MARKS:
            for end in ENDS:
                assert clean(mark + typed + end) == typed
        assert clean(f"\ufeff\ufeff{typed}\n\n") == f"\ufeff{typed}\n"
        assert clean(f"{typed}\r") == f"{typed}\r"

    def test_every_form_is_listed_once_in_order(self):
        assert candidates("\ufeffword\n", "\ufeffword") == ("word", "\ufeffword", "\ufeffword\n")
        assert candidates("word") == ("word",)

    @pytest.mark.parametrize("passphrase", ["x" * 1025, "ü" * 600, "\ud800", "x" * 10_000])
    def test_unusable_passphrase_has_no_candidates(self, passphrase):
        assert candidates(passphrase) == ()

    def test_a_line_end_may_make_it_too_long(self):
        assert candidates("x" * 1024 + "\n") == ("x" * 1024,)


class TestControlCharacters:
    @pytest.mark.parametrize("character", ["\t", "\n", "\r", "\x00", "\x1b", "\x7f", "\x85"])
    def test_are_in_no_new_passphrase(self, character):
        with pytest.raises(PassphraseUnfit, match="control characters"):
            check_new_passphrase(f"long enough{character}for all")
