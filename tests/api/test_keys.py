import json

import pytest

from shield_core.keys import keyfile
from shield_core.keys.stanzas import PassphraseOpen, PlainOpen

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PASSPHRASE = "a passphrase of mine"


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


class TestGet:
    async def test_a_managed_key_leaves_in_clear(self, ada, managed):
        response = await ada.http.get(managed)
        assert response.status_code == 200
        assert ".enc.qkey" in response.headers["Content-Disposition"]
        assert response.headers["Cache-Control"] == "no-store"
        assert len(keyfile.unlock(keyfile.parse(response.content), [PlainOpen()])) == 32

    async def test_a_key_under_a_passphrase_leaves_as_it_is_kept(self, ada, protected):
        key_file = keyfile.parse((await ada.http.get(protected)).content)
        assert [stanza["type"] for stanza in key_file.stanzas] == ["passphrase"]
        assert len(keyfile.unlock(key_file, [PassphraseOpen.from_passphrase(PASSPHRASE)])) == 32

    async def test_of_a_decrypt_job_is_404(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id)
        assert (await ada.http.get(f"/api/v1/jobs/{job_id}/key-file")).status_code == 404


class TestPost:
    async def test_wraps_a_managed_key_under_a_password(self, ada, managed):
        response = await ada.http.post(managed, json={"master_password": PASSPHRASE})
        assert response.status_code == 200
        key_file = keyfile.parse(response.content)
        assert [stanza["type"] for stanza in key_file.stanzas] == ["passphrase"]
        assert len(keyfile.unlock(key_file, [PassphraseOpen.from_passphrase(PASSPHRASE)])) == 32

    async def test_a_key_under_a_passphrase_is_not_wrapped_again(self, ada, protected):
        response = await ada.http.post(protected, json={"master_password": PASSPHRASE})
        assert (response.status_code, response.json()["code"]) == (422, "custody-conflict")

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"master_password": None},
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
