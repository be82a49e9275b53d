"""HEAD on every address that answers GET: the same head, no body, no effect; and the methods that `Allow` lists."""

import pytest
from sqlalchemy import text

from backplane import ids
from tests.api.document import PATHS
from tests.api.test_analyses import measured
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack, pytest.mark.slow]

DYNAMIC = {"x-request-id", "date", "content-disposition", "content-length", "ratelimit"}
"""`ratelimit` counts each request."""
TRAIL = text("SELECT action, object_id, outcome FROM audit_events WHERE account_id = :account ORDER BY id")
JOBS = text("SELECT id, status, expires_at, completed_at FROM jobs WHERE account_id = :account ORDER BY id")
BLOBS = text("SELECT b.id, b.deleted_at FROM blobs b JOIN jobs j ON j.id = b.job_id WHERE j.account_id = :account")
GETS = [path for path, methods in PATHS.items() if "get" in methods]


@pytest.fixture
async def things(ada, engine):
    """Create one object of each kind, and return the values of the path parameters."""
    encrypted = await ada.encrypt(analyze="true", quantum_purity="maximum")
    await engine.complete_encrypt(encrypted, material=b"QSMT and more", measured=measured())
    files = [("images", ("a.png", pictures.as_png(pictures.make(8, 6))))]
    batch = (await ada.http.post("/api/v1/batch/encrypt", files=files)).json()
    await engine.complete_encrypt(batch["items"][0]["job_id"])
    webhook = {"url": "https://93.184.216.34/hook", "events": ["job.failed"]}
    webhook_id = (await ada.http.post("/api/v1/webhooks", json=webhook)).json()["id"]
    delivery_id = (await ada.http.post(f"/api/v1/webhooks/{webhook_id}/test")).json()["id"]
    wanted = {"name": "nightly", "scopes": ["jobs:read"]}
    return {
        "api_key_id": (await ada.http.post("/api/v1/auth/keys", json=wanted)).json()["id"],
        "job_id": encrypted,
        "batch_id": batch["batch_id"],
        "webhook_id": webhook_id,
        "delivery_id": delivery_id,
        "account_id": ids.to_wire("acc", ada.account_id),
        "user_id": ids.to_wire("usr", ada.account_id),
        "entry_id": (await ada.http.get("/api/v1/audit?limit=1")).json()["data"][0]["id"],
        "mail_id": ids.to_wire("eml", ids.new()),
    }


async def state(gateway, user):
    async with gateway.services.resources.database.transaction() as session:
        found = [await session.execute(query, {"account": user.account_id}) for query in (TRAIL, JOBS, BLOBS)]
        return [sorted(map(str, rows)) for rows in found]


class TestHead:
    async def test_is_the_head_of_get_and_does_nothing(self, gateway, ada, things):
        for path in GETS:
            address = path.format(**things)
            if "compare" in path:
                address += f"?job_id={things['job_id']}&job_id={things['job_id']}"
            before = await state(gateway, ada)
            head = await ada.http.head(address)
            assert head.content == b""
            assert await state(gateway, ada) == before, path
            got = await ada.http.get(address)
            assert head.status_code == got.status_code, (path, head.status_code)
            if path not in {"/metrics", "/ready"}:
                shared = head.headers.keys() & got.headers.keys() - DYNAMIC
                assert {n: head.headers[n] for n in shared} == {n: got.headers[n] for n in shared}, path
                assert ("ratelimit" in head.headers) == ("ratelimit" in got.headers), path
                assert head.headers["content-type"] == got.headers["content-type"], path
                length = head.headers.get("content-length")
                assert length in {None, got.headers.get("content-length")}, path

    async def test_decrypted_picture_is_not_spent(self, ada, engine):
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id, b"picture")
        address = f"/api/v1/jobs/{job_id}/result"
        for _ in range(3):
            head = await ada.http.head(address)
            assert (head.status_code, head.headers["Content-Length"], head.content) == (200, "7", b"")
        assert (await ada.http.get(address)).content == b"picture"

    async def test_over_the_wire_nothing_follows(self, wired, engine):
        job_id = await wired.encrypt()
        await engine.complete_encrypt(job_id)
        for path in ("result", "key-file", "receipt", "events"):
            for _ in range(2):
                assert (await wired.http.head(f"/api/v1/jobs/{job_id}/{path}")).status_code == 200
        assert (await wired.http.head(f"/api/v1/jobs/{job_id}")).headers["Content-Length"] != "0"

    async def test_refuses_what_get_refuses(self, client, bob, things):
        for path in GETS:
            address = path.format(**things)
            for http in (client, bob.http):
                head, got = await http.head(address), await http.get(address)
                assert (head.status_code, head.content) == (got.status_code, b""), path

    async def test_without_get_is_405(self, client):
        response = await client.head("/api/v1/encrypt")
        assert (response.status_code, response.headers["Allow"]) == (405, "POST")


class TestAllow:
    @pytest.mark.parametrize(
        ("path", "methods"),
        [
            ("/api/v1/jobs", "GET, HEAD"),
            ("/api/v1/jobs/x", "DELETE, GET, HEAD"),
            ("/api/v1/jobs/x/key-file", "GET, HEAD, POST"),
            ("/api/v1/webhooks", "GET, HEAD, POST"),
            ("/api/v1/webhooks/x", "DELETE, GET, HEAD, PATCH"),
            ("/api/v1/encrypt", "POST"),
        ],
    )
    async def test_is_of_all_routes_of_the_path(self, client, path, methods):
        for method in ("PUT", "TRACE", "BREW"):
            response = await client.request(method, path)
            assert (response.status_code, response.json()["code"]) == (405, "method-not-allowed")
            assert response.headers["Allow"] == methods
        options = await client.options(path)
        assert (options.status_code, options.headers["Allow"], options.content) == (204, methods, b"")

    async def test_options_of_nothing_is_404(self, client):
        assert (await client.options("/nothing")).status_code == 404
