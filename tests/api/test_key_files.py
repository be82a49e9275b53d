"""Key files and passwords from clients: the work that they ask for, other spellings, and mistakes."""

import asyncio
import json
import os
import signal

import pytest

from backplane.services.sealing import derivations
from shield_core.keys import keyfile
from shield_core.keys.canonical import b64decode, dumps_indented
from shield_core.keys.passphrase import Argon2, Kdf, Pbkdf2
from shield_core.keys.stanzas import PassphraseOpen, PassphraseWrap
from tests import fixtures
from tests.api.conftest import PASSWORD, Sealed
from tests.fixtures import TYPED
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

DECRYPT = "/api/v1/decrypt"
AT_ONCE = {"Prefer": "respond-async"}
LIMIT = Argon2(bytes(16), m_kib=131_072, t=4)
WEAK = Argon2(bytes(16), m_kib=19_456, t=1, p=1)


def locked(kdf: Kdf) -> Sealed:
    """A picture whose key file demands this work; the work is not done, and no password opens it."""
    return Sealed.make(PassphraseWrap(kdf, os.urandom(32)))


async def post(user, sealed, *, key_file=True, password=TYPED):
    files = sealed.files()
    if not key_file:
        del files["key_file"]
    return await user.http.post(DECRYPT, files=files, data={"master_password": password}, headers=AT_ONCE)


def deriving(gateway):
    return gateway.services.pictures.decryptions._derivations


async def opens(engine, response, key_file):
    """Return whether the worker opens the key file with the secret that it receives."""
    claim = await engine.take(response.json()["job_id"])
    keys = [claim.secret["wrap_key_b64"], *claim.secret.get("other_wrap_keys_b64", [])]
    openers = [PassphraseOpen(b64decode(key)) for key in keys]
    parsed = keyfile.parse(key_file)
    return any(opener.open(stanza, parsed.key_id) for opener in openers for stanza in parsed.stanzas)


class TestCost:
    @pytest.mark.parametrize(
        "kdf",
        [
            Argon2(bytes(16), m_kib=131_073, t=1),
            Argon2(bytes(16), m_kib=131_072, t=5),
            Argon2(bytes(16), m_kib=1_048_576, t=4),
            Pbkdf2(bytes(16), iterations=1_200_001),
        ],
    )
    async def test_beyond_the_limit_is_refused_before_deriving(self, ada, kdf, monkeypatch):
        monkeypatch.setattr(derivations.Derivations, "derive", None)
        response = await post(ada, locked(kdf))
        assert (response.status_code, response.json()["code"]) == (422, "key-file-too-costly")
        assert f"{kdf.work}: open or rewrap it offline" in response.json()["detail"]
        assert (await ada.http.get("/api/v1/jobs")).json()["data"] == []

    @pytest.mark.parametrize("kdf", [LIMIT, Pbkdf2(bytes(16), iterations=1_200_000)])
    async def test_up_to_the_limit_is_accepted(self, ada, kdf):
        assert (await post(ada, locked(kdf))).status_code == 202

    async def test_key_files_of_the_service_are_exempt(self, gateway, ada, bob, engine, monkeypatch):
        """The service recognizes the whole stanza, for the account that owns it, in stored and in sent key files."""
        costly = Argon2(bytes(16), m_kib=131_073, t=1)
        monkeypatch.setattr(Kdf, "new", lambda fips=False: costly)
        job_id = await ada.encrypt(master_password=TYPED)
        picture = await engine.complete_encrypt(job_id)
        key_file = (await ada.http.get(f"/api/v1/jobs/{job_id}/key-file")).content
        sealed = Sealed(picture, key_file)
        for sent in (True, False):
            response = await post(ada, sealed, key_file=sent)
            assert response.status_code == 202
            assert await opens(engine, response, key_file)
        assert (await post(bob, sealed)).json()["code"] == "key-file-too-costly"
        value = json.loads(key_file)
        value["stanzas"][0]["kdf"]["salt_b64"] = "A" * 22 + "=="
        value["stanzas"][0]["kdf"]["t"] = 2
        forged = Sealed(picture, dumps_indented(value))
        assert (await post(ada, forged)).json()["code"] == "key-file-too-costly"

    async def test_stops_no_login_and_no_encryption(self, gateway, client, ada, bob, engine):
        """While the derivations of one account are stopped, everything else continues; then they are done."""
        await deriving(gateway).derive(ada.account_id, WEAK, TYPED)
        child = deriving(gateway)._process.pid
        os.kill(child, signal.SIGSTOP)
        try:
            costly = [asyncio.create_task(post(ada, locked(LIMIT))) for _ in range(derivations.WAITING + 2)]
            refused, _ = await asyncio.wait(costly, return_when=asyncio.FIRST_COMPLETED)
            answers = [task.result() for task in refused]
            assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(503, "overloaded")]
            form = {"grant_type": "password", "username": bob.email, "password": PASSWORD}
            async with asyncio.timeout(60):
                for _ in range(3):
                    assert (await client.post("/api/v1/auth/token", data=form)).status_code == 200
                    await bob.encrypt(master_password=TYPED)
                    await ada.encrypt(master_password=TYPED)
            waiting = asyncio.create_task(post(bob, locked(WEAK)))
            assert sum(task.done() for task in costly) == 1
        finally:
            os.kill(child, signal.SIGCONT)
        assert (await waiting).status_code == 202
        done = await asyncio.gather(*(task for task in costly if task not in refused))
        assert [answer.status_code for answer in done] == [202] * (derivations.WAITING + 1)

    async def test_killed_child_fails_no_request(self, gateway, ada):
        await deriving(gateway).derive(ada.account_id, WEAK, TYPED)
        os.kill(deriving(gateway)._process.pid, signal.SIGKILL)
        assert (await post(ada, locked(WEAK))).status_code == 202


class TestPasswords:
    @pytest.mark.parametrize("old", fixtures.OLD, ids=lambda old: old.name)
    async def test_old_pictures_open_with_their_old_password(self, ada, engine, old):
        sealed = Sealed(old.image, old.key_file)
        assert await opens(engine, await post(ada, sealed, password=old.password), old.key_file)
        assert not await opens(engine, await post(ada, sealed, password=TYPED), old.key_file)

    @pytest.mark.parametrize("around", ["{}\n", "{}\r\n", "\ufeff{}", "\ufeff{}\n"])
    async def test_new_ones_are_cleaned_in_form_and_json(self, ada, engine, around):
        password = around.format(TYPED)
        job_id = await ada.encrypt(master_password=password)
        sealed = Sealed(await engine.complete_encrypt(job_id), b"")
        key_file = (await ada.http.get(f"/api/v1/jobs/{job_id}/key-file")).content
        for typed in (TYPED, password):
            assert await opens(engine, await post(ada, sealed, key_file=False, password=typed), key_file)
        managed = await ada.encrypt()
        await engine.complete_encrypt(managed)
        exported = await ada.http.post(f"/api/v1/jobs/{managed}/key-file", json={"master_password": password})
        parsed = keyfile.parse(exported.content)
        assert len(keyfile.unlock(parsed, [PassphraseOpen.from_passphrase(TYPED)])) == 32

    @pytest.mark.parametrize(
        "password", ["x" * 11, "x" * 1025, "long enough\tfor all", "\x01" * 12, "two\nlines of it"]
    )
    async def test_one_rule_holds_wherever_one_is_new(self, client, ada, engine, password):
        managed = await ada.encrypt()
        await engine.complete_encrypt(managed)
        picture = {"image": ("scan.png", pictures.as_png(pictures.make(8, 6)))}
        account = {"email": "rule@example.org", "password": password}
        for response in (
            await ada.http.post("/api/v1/encrypt", files=picture, data={"master_password": password}),
            await ada.http.post(f"/api/v1/jobs/{managed}/key-file", json={"master_password": password}),
            await client.post("/api/v1/auth/register", json=account),
        ):
            assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
            assert response.json()["errors"][0]["code"] == "unfit_password"
            assert "A passphrase has" in response.json()["errors"][0]["detail"]
            assert password not in response.text

    @pytest.mark.parametrize("password", ["x", "\n", "\ufeff", "x" * 2000, "a\x00b", "\t" * 20, "ü" * 600])
    async def test_nothing_that_opens_is_refused(self, ada, engine, password):
        sealed = Sealed.make(PassphraseWrap.from_passphrase(TYPED, WEAK))
        response = await post(ada, sealed, password=password)
        assert response.status_code == 202
        assert not await opens(engine, response, sealed.key_file)

    async def test_a_login_is_read_in_either_way(self, client, ada):
        for password in (f"{PASSWORD}\r\n", f"\ufeff{PASSWORD}", PASSWORD):
            form = {"grant_type": "password", "username": ada.email, "password": password}
            assert (await client.post("/api/v1/auth/token", data=form)).status_code == 200
        form = {"grant_type": "password", "username": ada.email, "password": "x" * 5000}
        assert (await client.post("/api/v1/auth/token", data=form)).status_code == 400

    async def test_a_plain_password_is_one_key(self, ada, engine):
        """A worker of the previous release can open it."""
        sealed = Sealed.make(PassphraseWrap.from_passphrase(TYPED, WEAK))
        claim = await engine.take((await post(ada, sealed)).json()["job_id"])
        assert set(claim.secret) == {"key_file_b64", "wrap_key_b64"}


class TestSwappedFiles:
    async def test_every_mistake_has_its_sentence(self, ada):
        sound = Sealed.make()
        later = sound.picture[:45] + b"\x03" + sound.picture[46:]
        for sealed, status, code, detail in (
            (Sealed(sound.key_file, sound.key_file), 415, "unsupported-format", "This is a key file"),
            (
                Sealed(pictures.as_jpeg(pictures.make(8, 6)), sound.key_file),
                415,
                "unsupported-format",
                "saved this one",
            ),
            (Sealed(later, sound.key_file), 415, "later-version", "later version of the format (3)"),
            (Sealed(sound.picture, sound.picture), 422, "key-file-invalid", "this is a PNG, and no key file"),
            (
                Sealed(sound.picture, sound.key_file.replace(b"\n", b"\r\n")),
                422,
                "key-file-invalid",
                "line ends were changed to CRLF; `imageshield rewrap`",
            ),
            (
                Sealed(sound.picture, sound.key_file.replace(b'"version": 1', b'"version": 2')),
                422,
                "key-file-invalid",
                "later version of the format (2)",
            ),
        ):
            response = await post(ada, sealed)
            assert (response.status_code, response.json()["code"]) == (status, code)
            assert detail in response.json()["detail"]
