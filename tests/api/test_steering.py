"""Cancel, retry and delete, a full queue, and the filters of the list."""

import pytest

from backplane.services.attempts.claims import LeaseLost
from tests.api.conftest import Sealed
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

JOBS = "/api/v1/jobs"
PICTURE = pictures.as_png(pictures.make(8, 6))


class TestCancel:
    async def test_pending_job_is_cancelled_with_200(self, ada):
        job_id = await ada.encrypt()
        response = await ada.http.post(f"{JOBS}/{job_id}/cancel")
        assert response.status_code == 200
        job = response.json()
        assert (job["status"], job["cancel_requested"]) == ("cancelled", True)
        assert (job["error"], job["result_url"]) == (None, None)
        assert job["completed_at"] is not None

    async def test_running_job_is_202_and_cannot_complete(self, ada, engine):
        job_id = await ada.encrypt()
        claim = await engine.take(job_id)
        response = await ada.http.post(f"{JOBS}/{job_id}/cancel")
        assert response.status_code == 202
        assert (response.json()["status"], response.json()["cancel_requested"]) == ("processing", True)
        with pytest.raises(LeaseLost):
            await engine.claims.report(claim, [("encrypting", 50)])
        assert await engine.claims.cancel(claim)
        again = await ada.http.post(f"{JOBS}/{job_id}/cancel")
        assert (again.status_code, again.json()["status"]) == (200, "cancelled")

    async def test_leaves_nothing_to_fetch(self, ada):
        job_id = await ada.encrypt()
        await ada.http.post(f"{JOBS}/{job_id}/cancel")
        response = await ada.http.get(f"{JOBS}/{job_id}/result")
        assert (response.status_code, response.json()["code"]) == (409, "job-failed")
        assert "cancelled" in response.json()["detail"]

    async def test_caller_waiting_for_the_picture_is_answered(self, ada, engine, background):
        async def stop():
            job_id = await engine.next_job(ada)
            await ada.http.post(f"{JOBS}/{job_id}/cancel")

        background(stop())
        response = await ada.http.post("/api/v1/decrypt", files=Sealed.make().files())
        assert (response.status_code, response.json()["code"]) == (409, "job-failed")
        assert "cancelled" in response.json()["detail"]

    async def test_of_one_that_has_ended_is_409(self, ada, engine):
        completed, failed = await ada.encrypt(), await ada.encrypt()
        await engine.complete_encrypt(completed)
        await engine.fail(failed)
        for job_id in (completed, failed):
            response = await ada.http.post(f"{JOBS}/{job_id}/cancel")
            assert (response.status_code, response.json()["code"]) == (409, "job-finished")


class TestRetry:
    async def test_is_202_with_the_job_as_it_waits(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        response = await ada.http.post(f"{JOBS}/{job_id}/retry")
        assert response.status_code == 202
        assert response.headers["Location"] == f"{JOBS}/{job_id}"
        assert int(response.headers["Retry-After"]) >= 1
        job = response.json()
        assert (job["status"], job["stage"], job["retries"], job["error"]) == ("pending", "queued", 1, None)
        await engine.complete_encrypt(job_id)
        assert (await ada.job(job_id))["status"] == "completed"

    async def test_under_an_idempotency_key_is_done_once(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.fail(job_id)
        key = {"Idempotency-Key": "again-1"}
        await ada.http.post(f"{JOBS}/{job_id}/retry", headers=key)
        await engine.fail(job_id)
        response = await ada.http.post(f"{JOBS}/{job_id}/retry", headers=key)
        assert (response.status_code, response.headers["Idempotency-Replayed"]) == (202, "true")
        assert (response.json()["status"], response.json()["retries"]) == ("failed", 1)

    async def test_retried_job_still_has_its_password(self, ada, engine):
        job_id = await ada.encrypt(master_password="a passphrase of mine")
        await engine.fail(job_id)
        await ada.http.post(f"{JOBS}/{job_id}/retry")
        assert (await engine.take(job_id)).secret is not None

    async def test_of_one_that_has_not_failed_is_409(self, ada, engine):
        job_id = await ada.encrypt()
        response = await ada.http.post(f"{JOBS}/{job_id}/retry")
        assert (response.status_code, response.json()["code"]) == (409, "job-not-finished")
        await engine.complete_encrypt(job_id)
        response = await ada.http.post(f"{JOBS}/{job_id}/retry")
        assert (response.status_code, response.json()["code"]) == (409, "job-finished")

    async def test_of_one_whose_picture_is_gone_is_410(self, ada, engine):
        job_id = await ada.encrypt()
        claim = await engine.take(job_id)
        await engine.claims.fail(claim, code="image-corrupt", title="The image is damaged")
        await engine.sweep(claim)
        response = await ada.http.post(f"{JOBS}/{job_id}/retry")
        assert (response.status_code, response.json()["code"]) == (410, "gone")


class TestDelete:
    async def test_makes_everything_of_the_job_404(self, ada, engine):
        job_id = await ada.encrypt()
        await engine.complete_encrypt(job_id)
        response = await ada.http.delete(f"{JOBS}/{job_id}")
        assert (response.status_code, response.content) == (204, b"")
        for path in ("", "/result", "/receipt", "/key-file"):
            assert (await ada.http.get(f"{JOBS}/{job_id}{path}")).status_code == 404
        for method, path in (("POST", "/cancel"), ("POST", "/retry"), ("DELETE", "")):
            assert (await ada.http.request(method, f"{JOBS}/{job_id}{path}")).status_code == 404
        assert (await ada.http.get(JOBS)).json()["data"] == []

    async def test_unfinished_job_is_409_and_suggests_cancel(self, ada):
        job_id = await ada.encrypt()
        response = await ada.http.delete(f"{JOBS}/{job_id}")
        assert (response.status_code, response.json()["code"]) == (409, "job-not-finished")
        assert "cancel" in response.json()["detail"]

    async def test_of_a_cancelled_job_is_204(self, ada):
        job_id = await ada.encrypt()
        await ada.http.post(f"{JOBS}/{job_id}/cancel")
        assert (await ada.http.delete(f"{JOBS}/{job_id}")).status_code == 204


class TestScope:
    @pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("POST", "/retry"), ("DELETE", "")])
    async def test_steering_needs_the_scope_to_write(self, gateway, method, path):
        operation = gateway.app.openapi()["paths"][f"{JOBS}/{{job_id}}{path}"][method.lower()]
        assert operation["security"] == [{"account": ["jobs:write"]}, {"api_key": ["jobs:write"]}]


class TestRetention:
    async def test_ended_job_has_an_expiry_time(self, ada, engine):
        job_id = await ada.encrypt()
        assert (await ada.job(job_id))["expires_at"] is None
        await engine.fail(job_id)
        job = await ada.job(job_id)
        assert job["expires_at"][:10] > job["completed_at"][:10]


class TestFullQueue:
    async def test_refuses_before_anything_is_stored(self, ada, gateway, monkeypatch):
        monkeypatch.setattr(gateway.services.jobs.submissions.estimates, "_max_pending", 0)
        stored = []
        monkeypatch.setattr(gateway.services.resources.store, "put", lambda *args, **_: stored.append(args))
        response = await ada.http.post("/api/v1/encrypt", files={"image": ("scan.png", PICTURE)})
        assert (response.status_code, response.json()["code"]) == (503, "overloaded")
        assert 1 <= int(response.headers["Retry-After"]) <= 60
        assert stored == []


class TestFilters:
    async def test_by_the_beginning_of_the_id(self, ada):
        made = [await ada.encrypt() for _ in range(2)]
        for asked in (made[0], made[0][4:], made[0][:-1]):
            page = (await ada.http.get(JOBS, params={"q": asked})).json()
            assert made[0] in [job["job_id"] for job in page["data"]]
        assert [job["job_id"] for job in (await ada.http.get(JOBS, params={"q": made[1]})).json()["data"]] == [made[1]]
        assert (await ada.http.get(JOBS, params={"q": "job_f"})).json()["data"] == []

    async def test_by_purity_and_by_moment(self, ada):
        fast, balanced = await ada.encrypt(quantum_purity="fast"), await ada.encrypt()
        moment = (await ada.job(balanced))["created_at"]

        async def found(**parameters):
            return [job["job_id"] for job in (await ada.http.get(JOBS, params=parameters)).json()["data"]]

        assert await found(purity="fast") == [fast]
        assert await found(created_after=moment) == [balanced]
        assert await found(created_before=moment) == [fast]
        assert await found(created_before=moment, purity="balanced") == []

    @pytest.mark.parametrize(
        "query", ["q=scan.png", "q=", "q=job_", "purity=canary", "created_after=2026-01-01T00:00:00"]
    )
    async def test_invalid_filter_is_refused(self, ada, query):
        response = await ada.http.get(f"{JOBS}?{query}")
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")
        assert "canary" not in response.text
