import os
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shield_core.errors import KeyFileInvalid
from shield_core.keys import canonical, stanzas
from shield_core.keys.canonical import b64decode, b64encode
from shield_core.keys.passphrase import Argon2, Kdf, PassphraseUnfit, derive_wrap_key
from shield_core.keys.recipients import RecipientWrap, SecretKey
from shield_core.keys.stanzas import PassphraseOpen, PassphraseWrap, PlainOpen, PlainWrap, VaultOpen, VaultWrap

FILE_KEY = bytes(range(32))
KEY_ID = UUID("019a8f3e-0000-7000-8000-000000000001")
OTHER_ID = UUID("019a8f3e-0000-7000-8000-000000000002")
PASSPHRASE = "correct horse battery staple"
KEK = bytes(range(100, 132))


def weak():
    return Argon2(os.urandom(16), m_kib=19_456, t=1, p=1)


@pytest.fixture(scope="module")
def passphrase_wrap():
    return PassphraseWrap.from_passphrase(PASSPHRASE, weak())


@pytest.fixture
def vault_wrap():
    return VaultWrap("acc_1", "kek-1", 3, KEK)


class TestPlain:
    def test_round_trip(self):
        stanza = PlainWrap().wrap(FILE_KEY, KEY_ID)
        assert stanza == {"type": "plain", "file_key_b64": b64encode(FILE_KEY)}
        assert PlainOpen().open(stanza, KEY_ID) == FILE_KEY

    def test_does_not_open_another_kind(self, vault_wrap):
        assert PlainOpen().open(vault_wrap.wrap(FILE_KEY, KEY_ID), KEY_ID) is None


class TestPassphrase:
    def test_round_trip(self, passphrase_wrap):
        stanza = passphrase_wrap.wrap(FILE_KEY, KEY_ID)
        assert PassphraseOpen.from_passphrase(PASSPHRASE).open(stanza, KEY_ID) == FILE_KEY
        assert PassphraseOpen(passphrase_wrap.wrap_key).open(stanza, KEY_ID) == FILE_KEY

    def test_is_what_the_specification_writes(self, passphrase_wrap):
        stanza = passphrase_wrap.wrap(FILE_KEY, KEY_ID)
        aad = b"imageshield/v1/passphrase" + KEY_ID.bytes + canonical.dumps(stanza["kdf"])
        key = derive_wrap_key(PASSPHRASE, Kdf.from_json(stanza["kdf"]))
        assert stanza.keys() == {"type", "kdf", "body_b64"}
        assert len(b64decode(stanza["body_b64"])) == 48
        assert AESGCM(key).decrypt(bytes(12), b64decode(stanza["body_b64"]), aad) == FILE_KEY

    def test_a_new_salt_for_every_wrap(self):
        salts = {Kdf.new().salt for _ in range(100)}
        assert len(salts) == 100

    @pytest.mark.parametrize("passphrase", ["correct horse battery stapl", "", "x" * 5000, "\ud800"])
    def test_another_passphrase_does_not_open(self, passphrase, passphrase_wrap):
        stanza = passphrase_wrap.wrap(FILE_KEY, KEY_ID)
        assert PassphraseOpen.from_passphrase(passphrase).open(stanza, KEY_ID) is None

    def test_another_key_id_does_not_open(self, passphrase_wrap):
        stanza = passphrase_wrap.wrap(FILE_KEY, KEY_ID)
        assert PassphraseOpen(passphrase_wrap.wrap_key).open(stanza, OTHER_ID) is None

    def test_other_parameters_do_not_open(self, passphrase_wrap):
        stanza = passphrase_wrap.wrap(FILE_KEY, KEY_ID)
        stanza["kdf"] = stanza["kdf"] | {"t": 2}
        assert PassphraseOpen(passphrase_wrap.wrap_key).open(stanza, KEY_ID) is None

    def test_an_opener_with_nothing_opens_nothing(self, passphrase_wrap, vault_wrap):
        assert PassphraseOpen().open(passphrase_wrap.wrap(FILE_KEY, KEY_ID), KEY_ID) is None
        assert PassphraseOpen.from_passphrase(PASSPHRASE).open(vault_wrap.wrap(FILE_KEY, KEY_ID), KEY_ID) is None

    def test_a_short_passphrase_wraps_nothing(self):
        with pytest.raises(PassphraseUnfit):
            PassphraseWrap.from_passphrase("too short", weak())

    def test_without_parameters_the_default_cost_is_taken(self):
        assert PassphraseWrap.from_passphrase(PASSPHRASE).kdf.m_kib == 65_536


class TestVault:
    def test_round_trip(self, vault_wrap):
        asked = []
        opener = VaultOpen("acc_1", lambda kek_id, version: asked.append((kek_id, version)) or KEK)
        assert opener.open(vault_wrap.wrap(FILE_KEY, KEY_ID), KEY_ID) == FILE_KEY
        assert asked == [("kek-1", 3)]

    def test_is_what_the_specification_writes(self, vault_wrap):
        stanza = vault_wrap.wrap(FILE_KEY, KEY_ID)
        aad = b"imageshield/v1/vault\0\5acc_1\0\x10" + KEY_ID.bytes + b"\0\5kek-1\0\0\0\3"
        assert stanza.keys() == {"type", "kek_id", "kek_version", "nonce_b64", "body_b64"}
        assert AESGCM(KEK).decrypt(b64decode(stanza["nonce_b64"]), b64decode(stanza["body_b64"]), aad) == FILE_KEY

    def test_a_new_nonce_for_every_wrap(self, vault_wrap):
        nonces = {vault_wrap.wrap(FILE_KEY, KEY_ID)["nonce_b64"] for _ in range(1000)}
        assert len(nonces) == 1000

    def test_does_not_name_the_account(self, vault_wrap):
        assert b"acc_1" not in canonical.dumps(vault_wrap.wrap(FILE_KEY, KEY_ID))

    @pytest.mark.parametrize(
        ("account", "key_id", "kek"),
        [("acc_2", KEY_ID, KEK), ("acc_1", OTHER_ID, KEK), ("acc_1", KEY_ID, bytes(32)), ("acc_1", KEY_ID, None)],
    )
    def test_another_account_id_or_key_does_not_open(self, account, key_id, kek, vault_wrap):
        stanza = vault_wrap.wrap(FILE_KEY, KEY_ID)
        assert VaultOpen(account, lambda _id, _version: kek).open(stanza, key_id) is None

    @pytest.mark.parametrize("change", [{"kek_id": "kek-2"}, {"kek_version": 4}])
    def test_a_changed_stanza_does_not_open(self, change, vault_wrap):
        stanza = vault_wrap.wrap(FILE_KEY, KEY_ID) | change
        assert VaultOpen("acc_1", lambda _id, _version: KEK).open(stanza, KEY_ID) is None

    def test_does_not_open_another_kind(self):
        assert VaultOpen("acc_1", lambda _id, _version: KEK).open(PlainWrap().wrap(FILE_KEY, KEY_ID), KEY_ID) is None

    @pytest.mark.parametrize(("kek_id", "version"), [("", 1), ("a/b", 1), ("x" * 65, 1), ("kek", 0), ("kek", 2**32)])
    def test_a_malformed_key_name_wraps_nothing(self, kek_id, version):
        with pytest.raises(KeyFileInvalid):
            VaultWrap("acc_1", kek_id, version, KEK).wrap(FILE_KEY, KEY_ID)


class TestCheck:
    PLAIN = PlainWrap().wrap(FILE_KEY, KEY_ID)
    VAULT = VaultWrap("acc_1", "kek-1", 3, KEK).wrap(FILE_KEY, KEY_ID)

    @pytest.fixture
    def passphrase(self, passphrase_wrap):
        return passphrase_wrap.wrap(FILE_KEY, KEY_ID)

    def test_takes_each_kind_alone_and_plain_beside_vault(self, passphrase):
        for together in ([self.PLAIN], [self.VAULT], [passphrase], [self.VAULT, self.PLAIN]):
            assert stanzas.check(together) == tuple(together)

    def test_passphrase_excludes_plain_and_vault(self, passphrase):
        for other in (self.PLAIN, self.VAULT):
            with pytest.raises(KeyFileInvalid, match="beside"):
                stanzas.check([passphrase, other])
            with pytest.raises(KeyFileInvalid, match="beside"):
                stanzas.check([other, passphrase])

    @pytest.mark.parametrize("count", [0, 2, 20, 21])
    def test_none_and_many_of_one_kind_are_refused(self, count):
        with pytest.raises(KeyFileInvalid):
            stanzas.check([self.VAULT] * count)

    @pytest.mark.parametrize(
        "stanza",
        [
            None,
            [],
            "plain",
            {},
            {"type": None},
            {"type": ["plain"]},
            {"type": "recipient", "body_b64": "", "hint_b64": ""},
            {"type": "PLAIN", "file_key_b64": PLAIN["file_key_b64"]},
            {"type": "plain"},
            PLAIN | {"comment": ""},
            PLAIN | {"file_key_b64": b64encode(bytes(31))},
            PLAIN | {"file_key_b64": PLAIN["file_key_b64"] + "\n"},
            PLAIN | {"file_key_b64": 0},
            VAULT | {"kek_id": "../kek"},
            VAULT | {"kek_id": 1},
            VAULT | {"kek_version": 0},
            VAULT | {"kek_version": 2**32},
            VAULT | {"kek_version": True},
            VAULT | {"kek_version": "1"},
            VAULT | {"nonce_b64": b64encode(bytes(11))},
            VAULT | {"body_b64": b64encode(bytes(49))},
        ],
    )
    def test_refuses_what_no_writer_writes(self, stanza):
        with pytest.raises(KeyFileInvalid):
            stanzas.check([stanza])

    @pytest.mark.parametrize("change", [{"body_b64": "AAAA"}, {"kdf": None}, {"salt_b64": "AAAA"}])
    def test_refuses_a_malformed_passphrase_stanza(self, change, passphrase):
        with pytest.raises(KeyFileInvalid):
            stanzas.check([passphrase | change])


class TestCheckRecipients:
    MANY = tuple(RecipientWrap(SecretKey(bytes([number]) * 32).public).wrap(FILE_KEY, KEY_ID) for number in range(21))

    @pytest.mark.parametrize("count", [1, 2, 20])
    def test_takes_up_to_twenty(self, count):
        assert stanzas.check(self.MANY[:count]) == self.MANY[:count]

    def test_refuses_more(self):
        with pytest.raises(KeyFileInvalid, match="1 to 20"):
            stanzas.check(self.MANY)

    def test_takes_them_beside_one_passphrase_or_vault(self, passphrase_wrap, vault_wrap):
        for wrap in (passphrase_wrap, vault_wrap):
            together = [self.MANY[0], wrap.wrap(FILE_KEY, KEY_ID), self.MANY[1]]
            assert stanzas.check(together) == tuple(together)
            with pytest.raises(KeyFileInvalid, match="twice"):
                stanzas.check([*together, together[1]])

    def test_refuses_them_beside_a_plain_key(self):
        plain = PlainWrap().wrap(FILE_KEY, KEY_ID)
        for together in ([plain, self.MANY[0]], [self.MANY[0], plain]):
            with pytest.raises(KeyFileInvalid, match="recipient protects nothing"):
                stanzas.check(together)

    @pytest.mark.parametrize(
        "change",
        [
            {"hint_b64": b64encode(bytes(7))},
            {"hint_b64": b64encode(bytes(9))},
            {"hint_b64": None},
            {"body_b64": b64encode(bytes(1167))},
            {"body_b64": b64encode(bytes(1169))},
            {"body_b64": ""},
            {"body_b64": 1168},
            {"public_b64": ""},
        ],
    )
    def test_refuses_a_malformed_one(self, change):
        with pytest.raises(KeyFileInvalid):
            stanzas.check([self.MANY[0] | change])


class TestSecrecy:
    def test_nothing_shows_a_key_or_passphrase(self, passphrase_wrap, vault_wrap):
        shown = repr([passphrase_wrap, vault_wrap, PassphraseOpen(KEK), PassphraseOpen.from_passphrase(PASSPHRASE)])
        for secret in (PASSPHRASE, repr(KEK), repr(passphrase_wrap.wrap_key)):
            assert secret not in shown
