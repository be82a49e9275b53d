import pytest

from backplane import ids
from backplane.db.models import Job
from backplane.errors import CustodyConflict, ValidationFailed
from backplane.services.sealing.custody import agree_on_custody, read_recipients, wraps_of
from backplane.vault import VaultKey
from shield_core.keys import keyfile
from shield_core.keys.canonical import b64encode
from shield_core.keys.passphrase import Kdf
from shield_core.keys.recipients import RecipientOpen, SecretKey
from shield_core.keys.stanzas import PassphraseOpen, PassphraseWrap, VaultOpen

ADA = SecretKey(bytes(range(32)))
KEY = VaultKey(ids.new(), 1, bytes(32))
ACCOUNT = ids.new()
PASSPHRASE = PassphraseWrap(Kdf.new(), bytes(range(100, 132)))
SECRET = {"kdf": PASSPHRASE.kdf.to_json(), "wrap_key_b64": b64encode(PASSPHRASE.wrap_key)}
OPENERS = {
    "vault": VaultOpen(ids.to_wire("acc", ACCOUNT), lambda _id, _version: KEY.secret),
    "passphrase": PassphraseOpen(PASSPHRASE.wrap_key),
    "recipient": RecipientOpen(ADA),
}


class TestAgreeOnCustody:
    @pytest.mark.parametrize(
        ("asked", "password", "recipients", "served"),
        [
            (None, False, False, "managed"),
            (None, True, False, "passphrase"),
            (None, False, True, "recipient"),
            (None, True, True, "passphrase"),
            ("managed", False, False, "managed"),
            ("managed", False, True, "managed"),
            ("passphrase", True, False, "passphrase"),
            ("passphrase", True, True, "passphrase"),
            ("recipient", False, True, "recipient"),
            ("managed", True, False, None),
            ("managed", True, True, None),
            ("passphrase", False, False, None),
            ("passphrase", False, True, None),
            ("recipient", False, False, None),
            ("recipient", True, False, None),
            ("recipient", True, True, None),
        ],
    )
    def test_every_request_there_is(self, asked, password, recipients, served):
        if served is None:
            with pytest.raises(CustodyConflict):
                agree_on_custody(asked, password=password, recipients=recipients)
        else:
            assert agree_on_custody(asked, password=password, recipients=recipients) == served


class TestReadRecipients:
    def test_gives_each_once(self):
        assert read_recipients([ADA.public.text] * 30, beside=True) == [ADA.public]

    @pytest.mark.parametrize(("count", "beside", "good"), [(20, False, True), (20, True, False), (21, False, False)])
    def test_a_key_file_opens_in_twenty_ways(self, count, beside, good):
        texts = [SecretKey(bytes([number]) * 32).public.text for number in range(count)]
        if good:
            assert len(read_recipients(texts, beside=beside)) == count
        else:
            with pytest.raises(ValidationFailed, match="20"):
                read_recipients(texts, beside=beside)

    def test_refuses_invalid_key_without_repeating_it(self):
        with pytest.raises(ValidationFailed, match="secret key") as caught:
            read_recipients([ADA.text], beside=False)
        assert ADA.text[25:] not in str(caught.value)


class TestWrapsOf:
    @pytest.mark.parametrize(
        ("custody", "secret", "recipients", "stanzas"),
        [
            ("managed", None, None, ["vault"]),
            ("managed", None, [ADA.public.text], ["vault", "recipient"]),
            ("passphrase", SECRET, None, ["passphrase"]),
            ("passphrase", SECRET, [ADA.public.text], ["passphrase", "recipient"]),
            ("recipient", None, [ADA.public.text], ["recipient"]),
        ],
    )
    def test_only_named_ways_open_the_key(self, custody, secret, recipients, stanzas):
        job = Job(account_id=ACCOUNT, key_custody=custody, recipients=recipients)
        made = keyfile.build(
            file_key=bytes(range(32)),
            nonce=bytes(24),
            key_id=ids.new(),
            purity="balanced",
            statement_sha256="0" * 64,
            wraps=wraps_of(job, KEY, secret),
        )
        assert [stanza["type"] for stanza in made.stanzas] == stanzas
        for stanza in stanzas:
            assert keyfile.unlock(made, [OPENERS[stanza]]) == bytes(range(32))
