"""Detached decryption: the form, header and tag that are kept with the key, and the header as a file."""

import io

import pytest
from PIL import Image

from backplane import ids
from backplane.db.repositories import blobs, keys
from backplane.errors import Gone
from shield_core.encrypted import png
from shield_core.keys.recipients import SecretKey
from tests.api.conftest import Sealed
from tests.support import pictures
from tests.support.endings import Decrypted, complete_decrypt

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

DECRYPT = "/api/v1/decrypt"
PASSPHRASE = "a passphrase of mine"
BOB = SecretKey(bytes(range(32)))
NOBODYS = "key_" + "0" * 32


def saved_again(image, mode=None):
    opened = Image.open(io.BytesIO(image))
    return pictures.as_png(opened.convert(mode) if mode else opened)


async def post(user, picture, *, prefer="respond-async", files=None, **form):
    sent = {"encrypted_image": ("again.png", picture)} | (files or {})
    return await user.http.post(DECRYPT, files=sent, data=form, headers={"Prefer": prefer})


async def made(user, engine, *, material=None, **form):
    """Encrypt; return the job's id, the key's id and the encrypted image."""
    job_id = await user.encrypt(**form)
    image = await engine.complete_encrypt(job_id, material=material)
    return job_id, (await user.job(job_id))["key_id"], image


def refused(response, status, code):
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    return response.json()["detail"]


class TestAccepted:
    async def test_worker_gets_header_and_tag_of_the_key(self, ada, engine):
        _, key_id, image = await made(ada, engine)
        picture = saved_again(image)
        response = await post(ada, picture, detached="true", key_id=key_id)
        assert (response.status_code, response.json()["key_id"]) == (202, key_id)
        claim = await engine.take(response.json()["job_id"])
        assert claim.job.options == {"detached": True}
        assert (await engine.claims.inputs.fetch(claim.job))[0] == picture
        assert await engine.claims.inputs.fetch_header(claim.job) == bytes(png.find(image))
        await complete_decrypt(engine.claims, claim, Decrypted(b"picture", "image/png", "scan.png", {}))
        assert (await ada.http.get(f"/api/v1/jobs/{response.json()['job_id']}/result")).content == b"picture"

    async def test_picture_is_sealed_at_rest(self, ada, engine):
        """It may be the original of the same size, sent by mistake."""
        _, key_id, image = await made(ada, engine)
        response = await post(ada, saved_again(image), detached="true", key_id=key_id)
        claim = await engine.take(response.json()["job_id"])
        blob = await self.input_of(engine, claim)
        assert blob.sealed is not None
        assert bytes(await engine.claims._store.get(blob.object_key)).startswith(b"QSBL")

    async def input_of(self, engine, claim):
        async with engine.claims._database.reading() as session:
            return await blobs.of_job(session, claim.job.id, "input")

    async def test_worker_of_any_other_job_gets_none(self, ada, engine):
        claim = await engine.take(await ada.decrypt())
        assert claim.job.options is None
        assert await engine.claims.inputs.fetch_header(claim.job) is None

    @pytest.mark.parametrize("mode", ["RGBA", "P"])
    async def test_other_kinds_with_the_same_samples(self, ada, engine, mode):
        _, key_id, image = await made(ada, engine)
        response = await post(ada, saved_again(image, mode), detached="True", key_id=key_id)
        assert response.status_code == 202, response.text

    async def test_header_in_the_picture_is_not_looked_at(self, ada, engine):
        _, key_id, image = await made(ada, engine)
        foreign = Sealed.make().picture
        for picture in (image, foreign):
            response = await post(ada, picture, detached="true", key_id=key_id)
            assert (response.status_code, response.json()["key_id"]) == (202, key_id)

    async def test_passphrase_opens_the_kept_key(self, ada, engine):
        _, key_id, image = await made(ada, engine, master_password=PASSPHRASE)
        form = {"detached": "true", "key_id": key_id}
        assert "password" in refused(await post(ada, saved_again(image), **form), 422, "validation-failed")
        response = await post(ada, saved_again(image), master_password=PASSPHRASE, **form)
        assert response.status_code == 202

    async def test_own_key_file_is_used(self, ada, engine):
        _, key_id, image = await made(ada, engine)
        files = {"key_file": ("a.qkey", Sealed.make().key_file)}
        response = await post(ada, saved_again(image), files=files, detached="true", key_id=key_id)
        assert response.status_code == 202

    async def test_kept_material_need_not_be_sent(self, ada, engine):
        _, key_id, image = await made(ada, engine, material=b"QSMT as kept")
        response = await post(ada, saved_again(image), detached="true", key_id=key_id)
        claim = await engine.take(response.json()["job_id"])
        assert await engine.claims.inputs.fetch_material(claim.job) == b"QSMT as kept"

    async def test_key_outlives_the_deleted_job(self, ada, engine):
        job_id, key_id, image = await made(ada, engine)
        assert (await ada.http.delete(f"/api/v1/jobs/{job_id}")).status_code == 204
        assert (await post(ada, saved_again(image), detached="true", key_id=key_id)).status_code == 202

    async def test_retried_job_is_still_detached(self, ada, engine):
        _, key_id, image = await made(ada, engine)
        job_id = (await post(ada, saved_again(image), detached="true", key_id=key_id)).json()["job_id"]
        await engine.fail(job_id, code="decryption-failed", title="Wrong key or password")
        assert (await ada.http.post(f"/api/v1/jobs/{job_id}/retry")).status_code == 202
        claim = await engine.take(job_id)
        assert await engine.claims.inputs.fetch_header(claim.job) == bytes(png.find(image))

    async def test_key_deleted_in_the_meantime_is_gone(self, ada, engine):
        _, key_id, image = await made(ada, engine)
        response = await post(ada, saved_again(image), detached="true", key_id=key_id)
        claim = await engine.take(response.json()["job_id"])
        async with engine.claims._database.transaction() as session:
            await session.delete(await keys.of_account(session, ada.account_id, ids.from_wire("key", key_id)))
        with pytest.raises(Gone):
            await engine.claims.inputs.fetch_header(claim.job)


class TestRefused:
    async def test_detached_without_key_id(self, ada):
        picture = pictures.as_png(pictures.make(4, 4))
        for form in ({}, {"key_id": ""}):
            assert "needs the key_id" in refused(
                await post(ada, picture, detached="true", **form), 422, "validation-failed"
            )

    @pytest.mark.parametrize("form", [{}, {"detached": "false"}])
    async def test_key_id_without_detached(self, ada, form):
        picture = pictures.as_png(pictures.make(4, 4))
        response = await post(ada, picture, key_id=NOBODYS, **form)
        assert "goes with detached=true" in refused(response, 422, "validation-failed")

    @pytest.mark.parametrize("key_id", [NOBODYS, "key_x", "job_" + "0" * 32, "x" * 4096])
    async def test_key_that_does_not_exist(self, ada, key_id):
        picture = pictures.as_png(pictures.make(4, 4))
        refused(await post(ada, picture, detached="true", key_id=key_id), 404, "not-found")

    async def test_key_of_another_account_does_not_exist(self, ada, bob, engine):
        _, key_id, image = await made(bob, engine)
        answers = [
            (await post(ada, saved_again(image), detached="true", key_id=one)).json() | {"request_id": ""}
            for one in (key_id, NOBODYS)
        ]
        assert answers[0] == answers[1]
        assert answers[0]["code"] == "not-found"

    async def test_another_size_or_kind(self, ada, engine):
        _, key_id, _ = await made(ada, engine)
        for picture, said in (
            (pictures.as_png(pictures.make(5, 4)), "5 x 4 pixels, and the encrypted image 4 x 4"),
            (pictures.as_png(pictures.make(4, 4, "L")), "converted to gray"),
            (pictures.as_jpeg(pictures.make(4, 4)), "A JPEG has lost"),
        ):
            response = await post(ada, picture, detached="true", key_id=key_id)
            assert said in refused(response, 422, "picture-converted")

    async def test_other_files(self, ada, engine):
        _, key_id, image = await made(ada, engine)
        form = {"detached": "true", "key_id": key_id}
        assert "save it as PNG" in refused(
            await post(ada, pictures.as_bmp(pictures.make(4, 4)), **form), 415, "unsupported-format"
        )
        refused(await post(ada, saved_again(image)[:-5], **form), 422, "image-corrupt")
        large = pictures.png(pictures.ihdr(5001, 5000), pictures.chunk(b"IDAT"), pictures.chunk(b"IEND"))
        refused(await post(ada, large, **form), 413, "too-many-pixels")

    async def test_key_of_recipients(self, ada, engine):
        _, key_id, image = await made(ada, engine, recipients=BOB.public.text)
        refused(await post(ada, saved_again(image), detached="true", key_id=key_id), 409, "client-custody")

    async def test_without_detached_the_detail_says_how(self, ada, engine):
        """Also where no account has the key: the answer does not depend on it."""
        _, _, image = await made(ada, engine)
        for picture in (saved_again(image), pictures.as_png(pictures.make(8, 6))):
            detail = refused(await post(ada, picture), 400, "header-missing")
            assert "key_id and detached=true" in detail


class TestHeader:
    async def test_is_the_data_of_the_chunk(self, ada, engine):
        job_id, _, image = await made(ada, engine)
        response = await ada.http.get(f"/api/v1/jobs/{job_id}/header")
        assert (response.status_code, response.content) == (200, bytes(png.find(image)))
        headers = response.headers
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Disposition"].startswith(f'attachment; filename="{job_id}.enc.qhdr"')
        assert (headers["Cache-Control"], headers["Accept-Ranges"]) == ("no-store", "none")
        assert headers["X-Content-Type-Options"] == "nosniff"
        head = await ada.http.head(f"/api/v1/jobs/{job_id}/header")
        assert (head.content, head.headers["Content-Length"]) == (b"", str(len(response.content)))

    async def test_before_the_end_is_409(self, ada, engine):
        job_id = await ada.encrypt()
        refused(await ada.http.get(f"/api/v1/jobs/{job_id}/header"), 409, "job-not-finished")
        await engine.fail(job_id)
        refused(await ada.http.get(f"/api/v1/jobs/{job_id}/header"), 409, "job-failed")

    async def test_of_a_decrypt_job_is_404(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id)
        refused(await ada.http.get(f"/api/v1/jobs/{job_id}/header"), 404, "not-found")

    async def test_of_another_account_is_404(self, ada, bob, engine):
        job_id, _, _ = await made(bob, engine)
        refused(await ada.http.get(f"/api/v1/jobs/{job_id}/header"), 404, "not-found")

    async def test_of_a_deleted_key_is_gone(self, ada, engine):
        job_id, key_id, _ = await made(ada, engine)
        async with engine.claims._database.transaction() as session:
            await session.delete(await keys.of_account(session, ada.account_id, ids.from_wire("key", key_id)))
        refused(await ada.http.get(f"/api/v1/jobs/{job_id}/header"), 410, "gone")
