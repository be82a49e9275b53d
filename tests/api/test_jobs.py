"""Jobs: reading and listing them, and their results, materials and receipts."""

from datetime import datetime

import pytest

from shield_core.keys import jwk
from shield_core.quantum.receipt import parse, seal
from shield_core.quantum.verdict import Outcome, verify
from tests.core.quantum.statements import make_receipt, make_statement

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

JOBS = "/api/v1/jobs"
UNKNOWN = "job_" + "0" * 32


class TestGetJob:
    async def test_completed_job_has_the_urls_of_results(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        job = await ada.job(job_id)
        assert (job["status"], job["progress"], job["stage"], job["attempts"]) == ("completed", 100, "completed", 1)
        assert job["result_url"] == f"{JOBS}/{job_id}/result"
        assert job["key_file_url"] == f"{JOBS}/{job_id}/key-file"
        assert job["receipt_url"] == f"{JOBS}/{job_id}/receipt"
        assert job["key_id"].startswith("key_")
        assert (job["material_url"], job["error"]) == (None, None)
        times = [datetime.fromisoformat(job[name]) for name in ("created_at", "started_at", "completed_at")]
        assert times == sorted(times)
        assert all(job[name].endswith("Z") for name in ("created_at", "started_at", "completed_at"))

    async def test_failed_job_has_error_and_no_urls(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        job = await ada.job(job_id)
        assert job["error"] == {"code": "image-corrupt", "title": "The image is damaged", "detail": None}
        assert (job["result_url"], job["key_file_url"], job["receipt_url"]) == (None, None, None)

    async def test_a_decrypt_job_has_no_key_file(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id)
        job = await ada.job(job_id)
        assert (job["kind"], job["key_file_url"], job["receipt_url"]) == ("decrypt", None, None)

    @pytest.mark.parametrize(
        "job_id", [UNKNOWN, "x", "key_" + "0" * 32, UNKNOWN.upper(), UNKNOWN + "0", "%00", "job_%F0"]
    )
    async def test_an_unknown_one_is_404(self, ada, job_id):
        response = await ada.http.get(f"{JOBS}/{job_id}")
        assert (response.status_code, response.json()["code"]) == (404, "not-found")


class TestListJobs:
    async def test_pages_hold_every_job_once_newest_first(self, ada):
        made = [await ada.encrypt() for _ in range(5)]
        seen, cursor = [], None
        for has_more in (True, True, False):
            parameters = {"limit": 2} | ({"cursor": cursor} if cursor else {})
            page = (await ada.http.get(JOBS, params=parameters)).json()
            seen += [job["job_id"] for job in page["data"]]
            assert page["has_more"] is has_more
            cursor = page["next_cursor"]
        assert seen == made[::-1]
        assert cursor is None

    async def test_new_job_does_not_shift_the_pages(self, ada):
        made = [await ada.encrypt() for _ in range(3)]
        first = (await ada.http.get(JOBS, params={"limit": 2})).json()
        await ada.encrypt()
        second = (await ada.http.get(JOBS, params={"limit": 2, "cursor": first["next_cursor"]})).json()
        assert [job["job_id"] for job in second["data"]] == [made[0]]

    async def test_filters_by_status_and_kind(self, ada, engine):
        pending, completed = await ada.encrypt(), await ada.encrypt()
        await engine.complete_encrypt(completed)
        decrypt = await ada.decrypt()

        async def ids(**parameters):
            return {job["job_id"] for job in (await ada.http.get(JOBS, params=parameters)).json()["data"]}

        assert await ids(status="completed") == {completed}
        assert await ids(kind="decrypt") == {decrypt}
        assert await ids(kind="encrypt", status="pending") == {pending}
        assert await ids(status="cancelled") == set()

    async def test_lists_own_jobs_only(self, ada, bob):
        await ada.encrypt()
        page = (await bob.http.get(JOBS)).json()
        assert page == {"data": [], "has_more": False, "next_cursor": None}

    async def test_foreign_cursor_lists_own_jobs_only(self, ada, bob):
        cursor = await ada.encrypt()
        assert (await bob.http.get(JOBS, params={"cursor": cursor})).json()["data"] == []

    @pytest.mark.parametrize(
        "query",
        [
            "limit=0",
            "limit=101",
            "limit=canary",
            "status=canary",
            "kind=canary",
            "cursor=canary",
            "cursor=",
            "canary=1",
        ],
    )
    async def test_unknown_input_is_refused_and_not_repeated(self, ada, query):
        response = await ada.http.get(f"{JOBS}?{query}")
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "canary" not in response.text


class TestResult:
    async def test_encrypted_image_can_be_fetched_repeatedly(self, ada, engine):
        job_id = await ada.encrypt()
        picture = await engine.complete_encrypt(job_id)
        for _ in range(2):
            response = await ada.http.get(f"{JOBS}/{job_id}/result")
            assert response.content == picture
            assert response.headers["Content-Type"] == "image/png"
            assert response.headers["Content-Disposition"].startswith(f'attachment; filename="{job_id}.enc.png"')
            assert response.headers["X-Content-Type-Options"] == "nosniff"

    async def test_decrypted_picture_can_be_fetched_again(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id, b"plain")
        response = await ada.http.get(f"{JOBS}/{job_id}/result")
        assert response.content == b"plain"
        assert response.headers["Cache-Control"] == "no-store"
        assert (await ada.http.get(f"{JOBS}/{job_id}/result")).content == b"plain"


class TestMaterial:
    async def test_of_maximum_purity_can_be_fetched_repeatedly(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id, material=b"QSMT and more")
        assert (await ada.http.get(f"{JOBS}/{job_id}")).json()["material_url"] == f"{JOBS}/{job_id}/material"
        for _ in range(2):
            response = await ada.http.get(f"{JOBS}/{job_id}/material")
            assert response.content == b"QSMT and more"
            assert response.headers["Content-Disposition"].startswith(f'attachment; filename="{job_id}.enc.qmat"')

    async def test_of_another_purity_is_404(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        assert (await ada.http.get(f"{JOBS}/{job_id}")).json()["material_url"] is None
        assert (await ada.http.get(f"{JOBS}/{job_id}/material")).status_code == 404


class TestReceipt:
    async def test_verifies_with_the_published_keys(self, ada, engine, client):
        job_id = await ada.encrypt()
        statement = make_statement(job_id="job_\u00fc\u4e16\U0001f512")
        signer = engine.claims.receipts.signer()
        await engine.complete_encrypt(
            job_id, receipt=seal(statement, image_sha256="ab" * 32, tag=bytes(32), signer=signer)
        )
        response = await ada.http.get(f"{JOBS}/{job_id}/receipt")
        published = jwk.parse((await client.get("/.well-known/jwks.json")).content, use="receipt")
        assert verify(parse(response.content), keys=published.keys).outcome is Outcome.VERIFIED
        assert response.json()["statement"] == statement

    async def test_is_an_attachment_with_a_name(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        response = await ada.http.get(f"{JOBS}/{job_id}/receipt")
        assert response.headers["Content-Disposition"].startswith(f'attachment; filename="{job_id}.receipt.json"')
        assert (response.headers["Content-Type"], response.headers["Cache-Control"]) == ("application/json", "no-store")

    async def test_unsigned_one_verifies_as_unsigned(self, ada, engine):
        job_id = await ada.encrypt()
        unsigned = make_receipt(None)
        await engine.complete_encrypt(job_id, receipt=dict(sorted(unsigned.items(), reverse=True)))
        content = (await ada.http.get(f"{JOBS}/{job_id}/receipt")).content
        assert verify(parse(content), keys={}).outcome is Outcome.UNSIGNED

    async def test_of_a_decrypt_job_is_404(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id)
        assert (await ada.http.get(f"{JOBS}/{job_id}/receipt")).status_code == 404


class TestStates:
    @pytest.mark.parametrize("part", ["result", "key-file", "receipt", "material"])
    async def test_of_a_job_that_has_not_finished(self, ada, part):
        job_id = await ada.encrypt()
        response = await ada.http.get(f"{JOBS}/{job_id}/{part}")
        assert (response.status_code, response.json()["code"]) == (409, "job-not-finished")
        assert int(response.headers["Retry-After"]) >= 1

    @pytest.mark.parametrize("part", ["result", "key-file", "receipt", "material"])
    async def test_of_a_job_that_has_failed(self, ada, engine, part):
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        response = await ada.http.get(f"{JOBS}/{job_id}/{part}")
        assert (response.status_code, response.json()["code"]) == (409, "job-failed")
