"""Key files of jobs: downloading them, and wrapping the key for recipients or under a password."""

import json

import pytest

from shield_core.keys import keyfile
from shield_core.keys.recipients import RecipientOpen, SecretKey
from shield_core.keys.stanzas import PassphraseOpen, PlainOpen
from tests.api.conftest import opened as opened_gateway

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PASSPHRASE = "a passphrase of mine"
BOB, EVE = SecretKey(bytes(range(32))), SecretKey(bytes(range(32, 64)))


@pytest.fixture
async def managed(ada, engine):
    job_id = await ada.encrypt()
    await engine.complete_encrypt(job_id)
    return f"/api/v1/jobs/{job_id}/key-file"


@pytest.fixture
async def protected(ada, engine):
    job_id = await ada.encrypt(master_password=PASSPHRASE)
    await engine.complete_encrypt(job_id)
    return f"/api/v1/jobs/{job_id}/key-file"


@pytest.fixture
async def shared(ada, engine):
    """A key that its account and a recipient can open."""
    job_id = await ada.encrypt(key_custody="managed", recipients=BOB.public.text)
    await engine.complete_encrypt(job_id)
    return f"/api/v1/jobs/{job_id}/key-file"


@pytest.fixture
async def given_away(ada, engine):
    """A key that a recipient alone can open."""
    job_id = await ada.encrypt(recipients=BOB.public.text)
    await engine.complete_encrypt(job_id)
    return f"/api/v1/jobs/{job_id}/key-file"


def opened(response, *openers):
    assert response.status_code == 200, response.text
    key_file = keyfile.parse(response.content)
    return [stanza["type"] for stanza in key_file.stanzas], len(keyfile.unlock(key_file, openers))


class TestGet:
    async def test_managed_key_is_wrapped_for_recipients_alone(self, ada, shared):
        response = await ada.http.get(shared)
        assert opened(response, RecipientOpen(BOB)) == (["recipient"], 32)

    async def test_recipients_key_file_is_unchanged(self, ada, given_away):
        response = await ada.http.get(given_away)
        assert opened(response, RecipientOpen(BOB)) == (["recipient"], 32)
        assert (await ada.http.get(given_away)).content == response.content

    async def test_managed_key_is_plaintext(self, ada, managed):
        response = await ada.http.get(managed)
        assert response.status_code == 200
        assert ".enc.qkey" in response.headers["Content-Disposition"]
        assert response.headers["Cache-Control"] == "no-store"
        assert len(keyfile.unlock(keyfile.parse(response.content), [PlainOpen()])) == 32

    async def test_passphrase_key_file_is_unchanged(self, ada, protected):
        key_file = keyfile.parse((await ada.http.get(protected)).content)
        assert [stanza["type"] for stanza in key_file.stanzas] == ["passphrase"]
        assert len(keyfile.unlock(key_file, [PassphraseOpen.from_passphrase(PASSPHRASE)])) == 32

    async def test_of_a_decrypt_job_is_404(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id)
        assert (await ada.http.get(f"/api/v1/jobs/{job_id}/key-file")).status_code == 404


class TestFips:
    async def test_setting_selects_the_kdf_of_key_files(self, gateway_settings, engine):
        async with opened_gateway(gateway_settings(passphrase_kdf="pbkdf2-hmac-sha256")) as gateway:
            user = await gateway.user()
            async with user.http:
                job_id = await user.encrypt(master_password=PASSPHRASE)
                await engine.complete_encrypt(job_id)
                key_file = keyfile.parse((await user.http.get(f"/api/v1/jobs/{job_id}/key-file")).content)
        assert keyfile.passphrase_kdf(key_file).NAME == "pbkdf2-hmac-sha256"
        assert len(keyfile.unlock(key_file, [PassphraseOpen.from_passphrase(PASSPHRASE)])) == 32


class TestPost:
    async def test_wraps_a_managed_key_for_recipients(self, ada, managed):
        response = await ada.http.post(managed, json={"recipients": [BOB.public.text, EVE.public.text]})
        assert opened(response, RecipientOpen(EVE)) == (["recipient", "recipient"], 32)

    async def test_wraps_a_managed_key_for_both(self, ada, managed, shared):
        for address in (managed, shared):
            body = {"master_password": PASSPHRASE, "recipients": [EVE.public.text]}
            response = await ada.http.post(address, json=body)
            assert opened(response, RecipientOpen(EVE)) == (["passphrase", "recipient"], 32)
            assert opened(response, PassphraseOpen.from_passphrase(PASSPHRASE))[1] == 32

    @pytest.mark.parametrize(
        "body", [{"master_password": PASSPHRASE}, {"recipients": [SecretKey(bytes(32)).public.text]}]
    )
    async def test_a_key_of_recipients_is_theirs_to_wrap(self, ada, given_away, body):
        response = await ada.http.post(given_away, json=body)
        assert (response.status_code, response.json()["code"]) == (409, "client-custody")

    async def test_a_malformed_recipient_is_refused_and_not_repeated(self, ada, managed):
        response = await ada.http.post(managed, json={"recipients": [BOB.text]})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "unfit_recipient")
        assert BOB.text[25:] not in response.text

    async def test_too_many_stanzas_are_refused(self, ada, managed):
        texts = [SecretKey(bytes([number]) * 32).public.text for number in range(21)]
        response = await ada.http.post(managed, json={"recipients": texts})
        assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "too_long")
        response = await ada.http.post(managed, json={"recipients": texts[:20], "master_password": PASSPHRASE})
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")

    async def test_wraps_a_managed_key_under_a_password(self, ada, managed):
        response = await ada.http.post(managed, json={"master_password": PASSPHRASE})
        assert response.status_code == 200
        key_file = keyfile.parse(response.content)
        assert [stanza["type"] for stanza in key_file.stanzas] == ["passphrase"]
        assert len(keyfile.unlock(key_file, [PassphraseOpen.from_passphrase(PASSPHRASE)])) == 32

    async def test_passphrase_key_is_not_wrapped_again(self, ada, protected):
        response = await ada.http.post(protected, json={"master_password": PASSPHRASE})
        assert (response.status_code, response.json()["code"]) == (422, "custody-conflict")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"master_password": None},
            {"recipients": []},
            {"recipients": "canary"},
            {"recipients": ["canary"]},
            {"recipients": None},
            {"master_password": "canaryshort"},
            {"master_password": "canary" * 200},
            {"master_password": "canary \ud800 canary"},
            {"master_password": PASSPHRASE, "canary": "canary"},
            {"canary": "canary"},
        ],
    )
    async def test_an_unfit_password_is_refused_and_not_repeated(self, ada, managed, body):
        response = await ada.http.post(managed, content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "canary" not in response.text
