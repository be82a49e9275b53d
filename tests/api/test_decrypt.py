"""Decryption: the answers of the route, its refusals, and what a client sends with the picture."""

import asyncio
import os

import pytest

from api.answers.downloads import content_disposition
from shield_core.cipher.purity import Purity
from shield_core.keys.recipients import RecipientWrap, SecretKey
from shield_core.keys.stanzas import PassphraseWrap
from tests.api.conftest import Sealed, eventually, opened
from tests.support import pictures
from tests.support.endings import Decrypted, complete_decrypt

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

DECRYPT = "/api/v1/decrypt"
PASSPHRASE = "a passphrase of mine"
BOB = SecretKey(bytes(range(32)))


PART = b'--b\r\nContent-Disposition: form-data; name="%b"; filename="%b"\r\n\r\n%b\r\n'
BLANK = PART % (b"%b", b"", b"")
"""The part that a browser sends for a field in which no file was chosen."""


async def post(user, sealed=None, *, headers=None, key_file=True, **form):
    files = (sealed or Sealed.make()).files()
    if not key_file:
        del files["key_file"]
    return await user.http.post(DECRYPT, files=files, data=form, headers=headers)


async def post_raw(user, sealed, blank, *names):
    """Send a form with these raw parts, and with the key file of the picture if that is named."""
    named = {"encrypted_image": sealed.picture, "key_file": sealed.key_file} if sealed is not None else {}
    wanted = {name: data for name, data in named.items() if name == "encrypted_image" or name in names}
    body = blank + b"".join(PART % (name.encode(), b"a", data) for name, data in wanted.items()) + b"--b--\r\n"
    headers = {"Content-Type": "multipart/form-data; boundary=b", "Prefer": "respond-async"}
    return await user.http.post(DECRYPT, content=body, headers=headers)


class TestSynchronousAnswer:
    async def test_the_picture_is_the_answer(self, ada, engine, background):
        picture = os.urandom(700_000)

        async def work():
            await engine.complete_decrypt(await engine.next_job(ada), picture)

        background(work())
        response = await post(ada)
        assert response.status_code == 200
        assert response.content == picture
        assert response.headers["Content-Type"] == "image/png"
        assert response.headers["Content-Length"] == str(len(picture))
        assert response.headers["Content-Disposition"] == "attachment; filename=\"scan.png\"; filename*=UTF-8''scan.png"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cache-Control"] == "no-store"

    async def test_content_location_has_the_same_picture(self, ada, engine, background):
        async def work():
            await engine.complete_decrypt(await engine.next_job(ada))

        background(work())
        answer = await post(ada)
        place = f"/api/v1/jobs/{await engine.next_job(ada)}/result"
        assert answer.headers["Content-Location"] == place
        kept = await ada.http.get(place)
        assert (kept.content, kept.headers["ETag"]) == (answer.content, answer.headers["ETag"])

    async def test_wait_ends_when_the_caller_disconnects(self, server, wired, engine):
        asking = asyncio.create_task(post(wired))
        await engine.next_job(wired)
        listeners = server.services.resources.bus._listeners
        await eventually(lambda: listeners)
        asking.cancel()
        await eventually(lambda: not listeners)

    @pytest.mark.parametrize(
        ("code", "status"),
        [
            ("decryption-failed", 400),
            ("header-missing", 400),
            ("key-file-invalid", 422),
            ("unavailable", 503),
            ("poison", 500),
        ],
    )
    async def test_a_failed_job_answers_with_its_problem(self, ada, engine, background, code, status):
        async def work():
            await engine.fail(await engine.next_job(ada), code=code, title="The worker's title")

        background(work())
        response = await post(ada)
        assert response.status_code == status
        assert response.headers["Content-Type"] == "application/problem+json"
        body = response.json()
        assert (body["code"], body["title"], body["type"]) == (code, "The worker's title", f"/docs/problems/{code}")

    async def test_failed_decryptions_have_equal_answers(self, ada, bob, engine, background):
        async def fail(user):
            await engine.fail(await engine.next_job(user), code="decryption-failed", title="Wrong key or password")

        answers = []
        for user in (ada, bob):
            background(fail(user))
            answers.append((await post(user)).json() | {"request_id": ""})
        assert answers[0] == answers[1]

    async def test_end_of_the_wait_answers_with_202(self, gateway_settings, gateway, engine):
        """The job continues, and its picture is fetched later."""
        async with opened(gateway_settings(synchronous_wait_seconds=1)) as impatient:
            user = await impatient.user()
            async with user.http:
                response = await post(user)
                assert response.status_code == 202
                assert "Preference-Applied" not in response.headers
                job_id = response.json()["job_id"]
                await engine.complete_decrypt(job_id, b"late")
                assert (await user.http.get(f"/api/v1/jobs/{job_id}/result")).content == b"late"


class TestMaterial:
    async def test_sent_material_is_deleted_after_the_job(self, ada, engine):
        """The worker reads it first."""
        sealed = Sealed.make(purity=Purity.MAXIMUM)
        files = sealed.files() | {"material": ("noise.qmat", b"QSMT as sent")}
        response = await ada.http.post(DECRYPT, files=files, headers={"Prefer": "respond-async"})
        assert response.status_code == 202, response.text
        claim = await engine.take(response.json()["job_id"])
        assert await engine.claims.inputs.fetch_material(claim.job) == b"QSMT as sent"
        await complete_decrypt(engine.claims, claim, Decrypted(b"picture", "image/png", None, {}))
        await engine.sweep(claim)
        assert await engine.claims.inputs.fetch_material(claim.job) is None

    async def test_stored_material_need_not_be_sent(self, ada, engine):
        """The worker reads the material that is stored with the key, and the sweeper does not delete it."""
        picture = await engine.complete_encrypt(await ada.encrypt(), material=b"QSMT as kept")
        files = {"encrypted_image": ("noise.png", picture)}
        response = await ada.http.post(DECRYPT, files=files, headers={"Prefer": "respond-async"})
        claim = await engine.take(response.json()["job_id"])
        assert await engine.claims.inputs.fetch_material(claim.job) == b"QSMT as kept"
        await engine.sweep(claim)
        assert await engine.claims.inputs.fetch_material(claim.job) == b"QSMT as kept"


class TestPrefer:
    async def test_respond_async_is_a_job_at_once(self, ada):
        response = await post(ada, headers={"Prefer": "respond-async"})
        assert response.status_code == 202
        assert response.headers["Preference-Applied"] == "respond-async"
        assert response.headers["Location"] == f"/api/v1/jobs/{response.json()['job_id']}"
        assert (response.json()["kind"], response.json()["quantum_purity"]) == ("decrypt", None)

    @pytest.mark.parametrize("prefer", ["wait=20", "respond-async, wait=20"])
    async def test_wait_answers_with_job_and_keeps_picture(self, ada, engine, background, prefer):
        async def work():
            await engine.complete_decrypt(await engine.next_job(ada), b"kept")

        background(work())
        response = await post(ada, headers={"Prefer": prefer})
        assert response.status_code == 200
        assert response.headers["Preference-Applied"] == "wait=20"
        job = response.json()
        assert job["status"] == "completed"
        assert job["expires_at"] is not None
        assert (await ada.http.get(job["result_url"])).content == b"kept"

    async def test_wait_answers_with_a_failed_job_too(self, ada, engine, background):
        async def work():
            await engine.fail(await engine.next_job(ada), code="decryption-failed", title="Wrong key")

        background(work())
        response = await post(ada, headers={"Prefer": "wait=20"})
        assert response.status_code == 200
        assert response.json()["error"] == {"code": "decryption-failed", "title": "Wrong key", "detail": None}


class TestRefused:
    async def assert_refused(self, response, status, code):
        assert (response.status_code, response.json()["code"]) == (status, code), response.text

    async def test_not_a_png(self, ada):
        sealed = Sealed.make()
        sealed.picture = pictures.as_jpeg(pictures.make(8, 6))
        await self.assert_refused(await post(ada, sealed), 415, "unsupported-format")

    async def test_a_picture_that_was_saved_again(self, ada):
        sealed = Sealed.make()
        sealed.picture = pictures.as_png(pictures.make(8, 6))
        await self.assert_refused(await post(ada, sealed), 400, "header-missing")

    async def test_no_bytes(self, ada):
        sealed = Sealed.make()
        sealed.picture = b""
        response = await post(ada, sealed)
        assert response.json()["code"] in {"image-empty", "unsupported-format"}
        assert response.status_code in {415, 422}

    @pytest.mark.parametrize("key_file", [b"", b"{}", b"[]", b"\xff", b"{" * 10000, b'{"v": 1}', b"null"])
    async def test_invalid_key_file(self, ada, key_file):
        sealed = Sealed.make()
        sealed.key_file = key_file
        await self.assert_refused(await post(ada, sealed), 422, "key-file-invalid")

    async def test_key_file_with_too_much_work(self, ada):
        sealed = Sealed.make(PassphraseWrap.from_passphrase(PASSPHRASE))
        sealed.key_file = sealed.key_file.replace(b'"m_kib": 65536', b'"m_kib": 4194304')
        await self.assert_refused(await post(ada, sealed, master_password=PASSPHRASE), 422, "key-file-invalid")

    async def test_no_key_file_and_none_is_kept_here(self, ada):
        await self.assert_refused(await post(ada, key_file=False), 422, "key-file-required")

    async def test_another_accounts_kept_key_is_not_used(self, ada, bob, engine):
        job_id = await ada.encrypt()
        sealed = Sealed(await engine.complete_encrypt(job_id), b"")
        await self.assert_refused(await post(bob, sealed, key_file=False), 422, "key-file-required")
        response = await post(ada, sealed, key_file=False, headers={"Prefer": "respond-async"})
        assert response.status_code == 202

    async def test_empty_browser_field_is_ignored(self, ada):
        response = await post_raw(ada, Sealed.make(), BLANK % b"key_file")
        await self.assert_refused(response, 422, "key-file-required")
        sealed = Sealed.make(purity=Purity.MAXIMUM)
        response = await post_raw(ada, sealed, BLANK % b"material", "key_file")
        await self.assert_refused(response, 422, "material-required")

    async def test_empty_field_beside_a_chosen_file(self, ada):
        sealed, blank = Sealed.make(), BLANK % b"key_file"
        assert (await post_raw(ada, sealed, blank, "key_file")).status_code == 202
        chosen = PART % (b"key_file", b"a", sealed.key_file)
        assert (await post_raw(ada, sealed, chosen + blank)).status_code == 202
        twice = await post_raw(ada, sealed, chosen + PART % (b"key_file", b"", b"x"))
        assert twice.json()["errors"][0]["code"] == "duplicate_field"

    async def test_empty_image_field_is_missing(self, ada):
        response = await post_raw(ada, None, BLANK % b"encrypted_image")
        await self.assert_refused(response, 422, "validation-failed")
        assert response.json()["errors"][0]["field"] == "encrypted_image"

    @pytest.mark.parametrize(("name", "data"), [(b"", b"x"), (b"a.qkey", b"")])
    async def test_name_or_bytes_make_a_file(self, ada, name, data):
        response = await post_raw(ada, Sealed.make(), PART % (b"key_file", name, data))
        await self.assert_refused(response, 422, "key-file-invalid")

    async def test_empty_password_counts_as_none(self, ada):
        response = await post(ada, headers={"Prefer": "respond-async"}, master_password="")
        assert response.status_code == 202, response.text

    async def test_an_image_of_maximum_purity_without_its_material(self, ada):
        response = await post(ada, Sealed.make(purity=Purity.MAXIMUM))
        assert (response.status_code, response.json()["code"]) == (422, "material-required")

    async def test_another_accounts_kept_material_is_not_used(self, ada, bob, engine):
        job_id = await bob.encrypt()
        picture = await engine.complete_encrypt(job_id, material=b"QSMT")
        key_file = (await bob.http.get(f"/api/v1/jobs/{job_id}/key-file")).content
        response = await post(ada, Sealed(picture, key_file))
        assert (response.status_code, response.json()["code"]) == (422, "material-required")

    async def test_a_key_file_that_only_recipients_can_open(self, ada):
        sealed = Sealed.make(RecipientWrap(BOB.public))
        await self.assert_refused(await post(ada, sealed), 409, "client-custody")
        await self.assert_refused(await post(ada, sealed, master_password=PASSPHRASE), 409, "client-custody")

    async def test_a_key_of_recipients_that_is_kept_here(self, ada, engine):
        job_id = await ada.encrypt(recipients=BOB.public.text)
        sealed = Sealed(await engine.complete_encrypt(job_id), b"")
        response = await post(ada, sealed, key_file=False)
        assert (response.status_code, response.json()["code"]) == (409, "client-custody")

    @pytest.mark.parametrize("form", [{"key_custody": "managed"}, {"master_password": PASSPHRASE}])
    async def test_second_stanza_beside_recipients_opens_it(self, ada, engine, form):
        job_id = await ada.encrypt(recipients=BOB.public.text, **form)
        sealed = Sealed(await engine.complete_encrypt(job_id), b"")
        password = {name: value for name, value in form.items() if name == "master_password"}
        response = await post(ada, sealed, key_file=False, headers={"Prefer": "respond-async"}, **password)
        assert response.status_code == 202

    async def test_a_protected_key_file_without_its_password(self, ada):
        sealed = Sealed.make(PassphraseWrap.from_passphrase(PASSPHRASE))
        await self.assert_refused(await post(ada, sealed), 422, "validation-failed")

    @pytest.mark.parametrize("password", ["wrong", "x" * 2000, "ü" * 600])
    async def test_wrong_password_is_accepted_as_a_job(self, ada, password):
        """Only the worker finds out that it is wrong."""
        sealed = Sealed.make(PassphraseWrap.from_passphrase(PASSPHRASE))
        response = await post(ada, sealed, headers={"Prefer": "respond-async"}, master_password=password)
        assert response.status_code == 202

    @pytest.mark.parametrize("form", [{"canary": "x"}, {"quantum_purity": "fast"}])
    async def test_unknown_fields(self, ada, form):
        response = await post(ada, **form)
        await self.assert_refused(response, 422, "validation-failed")
        assert "canary" not in response.text

    async def test_no_picture(self, ada):
        response = await ada.http.post(DECRYPT, files={"key_file": ("a.qkey", b"{}")})
        assert response.json()["errors"][0]["field"] == "encrypted_image"

    async def test_no_credential(self, client):
        await self.assert_refused(await client.post(DECRYPT, files=Sealed.make().files()), 401, "unauthenticated")


class TestFileNames:
    HOSTILE = (
        ('"; rm -rf ~.png', "attachment; filename=\"__ rm -rf _.png\"; filename*=UTF-8''_%3B%20rm%20-rf%20~.png"),
        (
            "a\r\nSet-Cookie: x=1.png",
            "attachment; filename=\"aSet-Cookie_ x_1.png\"; filename*=UTF-8''aSet-Cookie_%20x%3D1.png",
        ),
        ("../../etc/passwd", "attachment; filename=\"passwd\"; filename*=UTF-8''passwd"),
        ("C:\\fakepath\\x.png", "attachment; filename=\"x.png\"; filename*=UTF-8''x.png"),
        ("Grüße 🖼.png", "attachment; filename=\"Gr__e _.png\"; filename*=UTF-8''Gr%C3%BC%C3%9Fe%20%F0%9F%96%BC.png"),
        ("gnp\u202eexe.png", "attachment; filename=\"gnpexe.png\"; filename*=UTF-8''gnpexe.png"),
        (".htaccess", "attachment; filename=\"htaccess\"; filename*=UTF-8''htaccess"),
        (". .bash_login", "attachment; filename=\"bash_login\"; filename*=UTF-8''bash_login"),
        ("-CON .png", "attachment; filename=\"_CON .png\"; filename*=UTF-8''_CON%20.png"),
        (". .", "attachment; filename=\"file\"; filename*=UTF-8''file"),
        ("", "attachment; filename=\"file\"; filename*=UTF-8''file"),
    )

    @pytest.mark.parametrize(("name", "header"), HOSTILE)
    def test_a_hostile_name_is_data_in_the_header(self, name, header):
        assert content_disposition(name) == header

    @pytest.mark.parametrize("name", [name for name, _ in HOSTILE])
    async def test_a_hostile_name_passes_through_the_service(self, ada, engine, name):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id, file_name=name)
        response = await ada.http.get(f"/api/v1/jobs/{job_id}/result")
        assert response.status_code == 200
        assert response.headers["Content-Disposition"].startswith("attachment; ")
        assert "Set-Cookie" not in response.headers
