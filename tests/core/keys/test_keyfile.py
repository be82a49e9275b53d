import hmac
import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shield_core.errors import (
    CommitmentMismatch,
    DecryptionError,
    KeyFileInvalid,
    MacMismatch,
    NoMatch,
)
from shield_core.keys import canonical, fields, keyfile, passphrase, schedule
from shield_core.keys.passphrase import Argon2
from shield_core.keys.recipients import RecipientOpen, RecipientWrap, SecretKey
from shield_core.keys.stanzas import PassphraseOpen, PassphraseWrap, PlainOpen, PlainWrap, VaultOpen, VaultWrap

FILE_KEY = bytes(range(32))
NONCE = bytes(range(24))
KEY_ID = UUID("019a8f3e-0000-7000-8000-000000000001")
DIGEST = "0123456789abcdef" * 4
MATERIAL = bytes(69)
KEK = bytes(range(100, 132))
VAULT = VaultOpen("acc_1", lambda _id, _version: KEK)
ADA, BOB, EVE = (SecretKey(bytes([number]) * 32) for number in range(3))


def make(*wraps, **change):
    fields = {"file_key": FILE_KEY, "nonce": NONCE, "key_id": KEY_ID, "purity": "balanced", "statement_sha256": DIGEST}
    return keyfile.build(**(fields | {"wraps": wraps or [PlainWrap()]} | change))


@pytest.fixture(scope="module")
def wraps():
    kdf = Argon2(os.urandom(16), m_kib=19_456, t=1, p=1)
    return {
        "plain": PlainWrap(),
        "passphrase": PassphraseWrap.from_passphrase("correct horse battery staple", kdf),
        "vault": VaultWrap("acc_1", "kek-1", 1, KEK),
        "recipient": RecipientWrap(ADA.public),
    }


@pytest.fixture(scope="module")
def openers(wraps):
    return {
        "plain": PlainOpen(),
        "passphrase": PassphraseOpen(wraps["passphrase"].wrap_key),
        "vault": VAULT,
        "recipient": RecipientOpen(ADA),
    }


@pytest.fixture(params=["plain", "passphrase", "vault", "recipient"])
def kind(request):
    return request.param


class TestBuild:
    def test_key_file_holds_the_given_values(self):
        made = make(created=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=1))))
        assert (made.version, made.key_id, made.purity, made.nonce) == (1, KEY_ID, "balanced", NONCE)
        assert made.created == datetime(2026, 1, 2, 2, 4, 5, tzinfo=UTC)
        assert made.statement_sha256 == DIGEST
        assert made.commitment == schedule.derive(FILE_KEY, NONCE).commitment

    def test_is_made_now(self):
        assert abs(make().created - datetime.now(UTC)) < timedelta(seconds=5)

    @pytest.mark.parametrize(
        "change",
        [
            {"purity": "multistage"},
            {"purity": "maximum", "material": MATERIAL},
            {"purity": "balanced", "material": MATERIAL},
            {"purity": "multistage", "material": b""},
            {"purity": "multistage", "material": MATERIAL[1:]},
            {"purity": "multistage", "material": bytes(4097)},
            {"purity": ""},
            {"statement_sha256": DIGEST.upper()},
            {"statement_sha256": "00"},
            {"wraps": []},
            {"wraps": [PlainWrap(), PlainWrap()]},
        ],
    )
    def test_refuses_what_no_reader_reads(self, change):
        with pytest.raises(KeyFileInvalid):
            make(**change)

    def test_refuses_a_passphrase_beside_a_plain_key(self, wraps):
        with pytest.raises(KeyFileInvalid):
            make(wraps["passphrase"], wraps["plain"])

    def test_mac_is_what_the_specification_writes(self):
        value = json.loads(keyfile.encode(make()))
        mac = canonical.b64decode(value.pop("mac_b64"))
        compact = json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        assert hmac.digest(schedule.derive(FILE_KEY, NONCE).key_file, compact.encode(), "sha256") == mac


class TestEncode:
    def test_is_json_that_a_person_can_read(self):
        text = keyfile.encode(make(created=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))).decode()
        value = json.loads(text)
        assert text == json.dumps(value, sort_keys=True, indent=2) + "\n"
        assert value["key_id"] == "key_019a8f3e000070008000000000000001"
        assert value["created"] == "2026-01-02T03:04:05Z"
        assert (value["format"], value["version"]) == ("imageshield-key-file", 1)

    @pytest.mark.slow
    @settings(deadline=None)
    @given(
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=24, max_size=24),
        st.uuids(),
        st.sampled_from(sorted(fields.PURITIES)),
        st.datetimes(datetime(1970, 1, 1), datetime(9999, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    )
    def test_parse_gives_it_back(self, file_key, nonce, key_id, purity, created):
        material = MATERIAL if purity == "multistage" else None
        made = make(file_key=file_key, nonce=nonce, key_id=key_id, purity=purity, created=created, material=material)
        assert made.material == material
        again = keyfile.parse(keyfile.encode(made))
        assert again == made
        assert keyfile.encode(again) == keyfile.encode(made)
        assert keyfile.unlock(again, [PlainOpen()]) == file_key


class TestParse:
    def test_each_kind(self, kind, wraps, openers):
        parsed = keyfile.parse(keyfile.encode(make(wraps[kind])))
        assert keyfile.unlock(parsed, [openers[kind]]) == FILE_KEY

    @pytest.mark.parametrize(
        "data",
        [b"", b"{}", b"[]\n", b"null\n", b"\x89PNG\r\n\x1a\n", b"\xff\xfe", b"{" * 1_000_000, b"[" * 1_048_577],
    )
    def test_refuses_what_is_no_key_file(self, data):
        with pytest.raises(KeyFileInvalid):
            keyfile.parse(data)

    @pytest.mark.parametrize(
        "change",
        [
            {"format": "imageshield"},
            {"format": 1},
            {"version": 2},
            {"version": True},
            {"version": "1"},
            {"key_id": "019a8f3e000070008000000000000001"},
            {"key_id": "key_019A8F3E000070008000000000000001"},
            {"key_id": "key_019a8f3e-0000-7000-8000-000000000001"},
            {"key_id": None},
            {"created": "2026-01-02 03:04:05Z"},
            {"created": "2026-01-02T03:04:05+00:00"},
            {"created": "2026-01-02T03:04:05.000Z"},
            {"created": "2026-13-02T03:04:05Z"},
            {"created": "2026-1-2T3:4:5Z"},
            {"created": 1},
            {"purity": "multistage"},
            {"purity": "MAXIMUM"},
            {"purity": []},
            {"nonce_b64": canonical.b64encode(bytes(23))},
            {"nonce_b64": "AAAA="},
            {"commitment_b64": canonical.b64encode(bytes(31))},
            {"mac_b64": canonical.b64encode(bytes(33))},
            {"mac_b64": None},
            {"stanzas": {}},
            {"stanzas": []},
            {"stanzas": None},
            {"statement_sha256": "0" * 63},
            {"statement_sha256": 0},
            {"material_b64": "AAAA"},
            {"material_b64": None},
            {"purity": "multistage", "material_b64": None},
            {"purity": "multistage", "material_b64": "AAAA"},
            {"purity": "multistage", "material_b64": canonical.b64encode(bytes(68))},
            {"purity": "maximum", "material_b64": canonical.b64encode(bytes(69))},
            {"comment": "hello"},
        ],
    )
    def test_refuses_every_field_that_no_writer_writes(self, change):
        value = json.loads(keyfile.encode(make())) | change
        with pytest.raises(KeyFileInvalid):
            keyfile.parse(canonical.dumps_indented(value))

    def test_refuses_a_missing_field(self):
        value = json.loads(keyfile.encode(make()))
        for name in value:
            with pytest.raises(KeyFileInvalid):
                keyfile.parse(canonical.dumps_indented({k: v for k, v in value.items() if k != name}))

    def test_refuses_every_other_way_to_write_the_same(self):
        data = keyfile.encode(make())
        value = json.loads(data)
        others = [
            data[:-1],
            data + b"\n",
            b" " + data,
            b"\xef\xbb\xbf" + data,
            data.replace(b"\n", b"\r\n"),
            data.replace(b"  ", b"\t"),
            data.replace(b"balanced", b"\\u0062alanced"),
            canonical.dumps(value),
            json.dumps(value, indent=2).encode() if list(value) != sorted(value) else data.replace(b": ", b":"),
            data.replace(b'  "version": 1\n', b'  "version": 1,\n  "version": 1\n'),
        ]
        for other in others:
            assert json.loads(other.decode("utf-8-sig")) == value
            with pytest.raises(KeyFileInvalid):
                keyfile.parse(other)

    def test_refuses_more_than_a_mebibyte_without_reading_it(self, monkeypatch):
        monkeypatch.setattr(canonical, "loads_indented", None)
        with pytest.raises(KeyFileInvalid, match="1 MiB"):
            keyfile.parse(bytes(1_048_577))

    def test_hostile_cost_is_refused_without_deriving(self, wraps, monkeypatch):
        monkeypatch.setattr(passphrase, "Argon2id", None)
        value = json.loads(keyfile.encode(make(wraps["passphrase"])))
        for cost in ({"m_kib": 4_194_304}, {"t": 1_000_000}, {"m_kib": 1_048_576, "t": 10}, {"p": 255}, {"m_kib": 8}):
            hostile = value | {"stanzas": [value["stanzas"][0] | {"kdf": value["stanzas"][0]["kdf"] | cost}]}
            data = canonical.dumps_indented(hostile)
            started = time.process_time()
            with pytest.raises(KeyFileInvalid):
                keyfile.parse(data)
            assert time.process_time() - started < 0.05

    def test_the_error_shows_nothing_of_the_file(self):
        data = keyfile.encode(make())
        secret = canonical.b64encode(FILE_KEY)
        for broken in (data[:-3], data.replace(b'"plain"', b'"plane"'), data.replace(secret.encode(), b"AAAA")):
            with pytest.raises(KeyFileInvalid) as caught:
                keyfile.parse(broken)
            assert secret[:8] not in f"{caught.value!r} {caught.value.__cause__!r}"


class TestEveryChange:
    """Only the unchanged key file gives a file key."""

    def refused(self, data, opener):
        with pytest.raises((KeyFileInvalid, DecryptionError)):
            keyfile.unlock(keyfile.parse(data), [opener])

    @pytest.mark.slow
    def test_each_flipped_bit_of_each_byte_is_refused(self, kind, wraps, openers):
        data = keyfile.encode(make(wraps[kind]))
        bits = range(1) if kind == "recipient" else range(8)  # its body alone has as many as all others together
        for at in range(len(data)):
            for bit in bits:
                changed = bytearray(data)
                changed[at] ^= 1 << bit
                self.refused(bytes(changed), openers[kind])

    @pytest.mark.slow
    def test_each_truncation_is_refused(self, kind, wraps, openers):
        data = keyfile.encode(make(wraps[kind]))
        for size in range(len(data)):
            self.refused(data[:size], openers[kind])

    def test_a_field_of_another_key_file_is_refused(self, kind, wraps, openers):
        first = json.loads(keyfile.encode(make(wraps[kind])))
        second = json.loads(
            keyfile.encode(
                make(
                    wraps[kind],
                    file_key=bytes(32),
                    nonce=bytes(24),
                    key_id=UUID(int=1),
                    purity="fast",
                    statement_sha256="0" * 64,
                    created=datetime(2020, 1, 1, tzinfo=UTC),
                )
            )
        )
        for name in first:
            if first[name] != second[name]:
                self.refused(canonical.dumps_indented(first | {name: second[name]}), openers[kind])


class TestUnlock:
    def test_nothing_given_matches_nothing(self):
        with pytest.raises(NoMatch):
            keyfile.unlock(make(), [])

    def test_a_wrong_passphrase_does_not_match(self, wraps):
        with pytest.raises(NoMatch):
            keyfile.unlock(
                make(wraps["passphrase"]), [PlainOpen(), VAULT, PassphraseOpen.from_passphrase("wrong " * 3)]
            )

    def test_another_account_does_not_match(self, wraps):
        with pytest.raises(NoMatch):
            keyfile.unlock(make(wraps["vault"]), [VaultOpen("acc_2", lambda _id, _version: KEK)])

    def test_any_opener_will_do(self, kind, wraps, openers):
        assert keyfile.unlock(make(wraps[kind]), list(openers.values())) == FILE_KEY

    def test_file_key_of_other_image_fails_commitment(self):
        other = make(file_key=bytes(32))
        with pytest.raises(CommitmentMismatch):
            keyfile.unlock(replace(make(), stanzas=other.stanzas), [PlainOpen()])

    def test_another_nonce_fails_the_commitment(self):
        with pytest.raises(CommitmentMismatch):
            keyfile.unlock(replace(make(), nonce=bytes(24)), [PlainOpen()])

    @pytest.mark.parametrize(
        "change",
        [
            {"purity": "fast"},
            {"statement_sha256": "0" * 64},
            {"key_id": UUID(int=0)},
            {"created": datetime(2020, 1, 1, tzinfo=UTC)},
            {"mac": bytes(32)},
        ],
    )
    def test_a_changed_field_fails_the_mac(self, change):
        with pytest.raises(MacMismatch):
            keyfile.unlock(replace(make(), **change), [PlainOpen()])

    @pytest.mark.parametrize("material", [None, MATERIAL[:-1] + b"\1"])
    def test_changed_material_fails_the_mac(self, material):
        made = make(purity="multistage", material=MATERIAL)
        assert keyfile.unlock(made, [PlainOpen()]) == FILE_KEY
        with pytest.raises(MacMismatch):
            keyfile.unlock(replace(made, material=material), [PlainOpen()])


class TestRecipients:
    def test_only_its_recipients_open_it(self):
        made = make(RecipientWrap(ADA.public), RecipientWrap(BOB.public))
        again = keyfile.parse(keyfile.encode(made))
        for secret in (ADA, BOB):
            assert keyfile.unlock(again, [RecipientOpen(secret)]) == FILE_KEY
        with pytest.raises(NoMatch):
            keyfile.unlock(again, [RecipientOpen(EVE)])

    def test_last_of_twenty_recipients_opens_key_file(self):
        secrets = [SecretKey.generate() for _ in range(20)]
        data = keyfile.encode(make(*(RecipientWrap(secret.public) for secret in secrets)))
        assert len(data) < 40_000
        assert keyfile.unlock(keyfile.parse(data), [RecipientOpen(secrets[-1])]) == FILE_KEY

    @pytest.mark.parametrize("other", ["passphrase", "vault"])
    def test_each_stanza_opens_a_shared_key_file(self, other, wraps, openers):
        made = make(wraps[other], RecipientWrap(ADA.public))
        for opener in (openers[other], RecipientOpen(ADA)):
            assert keyfile.unlock(keyfile.parse(keyfile.encode(made)), [opener]) == FILE_KEY

    def test_plain_key_excludes_recipients(self, wraps):
        with pytest.raises(KeyFileInvalid):
            make(wraps["plain"], RecipientWrap(ADA.public))

    def test_stanza_of_other_key_file_does_not_match(self):
        other = make(RecipientWrap(ADA.public), key_id=UUID(int=1))
        with pytest.raises(NoMatch):
            keyfile.unlock(replace(make(), stanzas=other.stanzas), [RecipientOpen(ADA)])

    def test_added_recipient_fails_the_mac(self):
        added = make(RecipientWrap(ADA.public), RecipientWrap(EVE.public))
        with pytest.raises(MacMismatch):
            keyfile.unlock(replace(make(RecipientWrap(ADA.public)), stanzas=added.stanzas), [RecipientOpen(ADA)])


class TestRewrap:
    def test_changes_the_stanzas_and_nothing_else(self, wraps, openers):
        before = make(wraps["vault"])
        after = keyfile.rewrap(before, FILE_KEY, [wraps["passphrase"]])
        assert replace(after, stanzas=before.stanzas, mac=before.mac) == before
        assert keyfile.unlock(keyfile.parse(keyfile.encode(after)), [openers["passphrase"]]) == FILE_KEY
        with pytest.raises(NoMatch):
            keyfile.unlock(after, [VAULT])

    def test_keeps_the_material(self, wraps):
        made = make(wraps["vault"], purity="multistage", material=MATERIAL)
        assert keyfile.rewrap(made, FILE_KEY, [PlainWrap()]).material == MATERIAL

    def test_refuses_another_file_key(self, wraps):
        with pytest.raises(CommitmentMismatch):
            keyfile.rewrap(make(wraps["vault"]), bytes(32), [PlainWrap()])

    def test_does_not_make_a_changed_key_file_good(self, wraps):
        with pytest.raises(MacMismatch):
            keyfile.rewrap(replace(make(wraps["vault"]), purity="fast"), FILE_KEY, [PlainWrap()])

    def test_refuses_stanzas_that_may_not_stand_together(self, wraps):
        with pytest.raises(KeyFileInvalid):
            keyfile.rewrap(make(), FILE_KEY, [wraps["vault"], wraps["passphrase"]])


class TestPassphraseKdf:
    def test_is_that_of_the_passphrase_stanza(self, wraps):
        assert keyfile.passphrase_kdf(make(wraps["passphrase"])) == wraps["passphrase"].kdf

    def test_is_none_without_one(self, wraps):
        assert keyfile.passphrase_kdf(make(wraps["vault"])) is None


class TestSecrecy:
    def test_a_key_file_does_not_show_its_stanzas(self):
        assert "stanzas" not in repr(make())
        assert canonical.b64encode(FILE_KEY) not in repr(make())
