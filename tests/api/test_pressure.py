"""Overload: refused in time, with an answer that a client can act on, and never with 500."""

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import httpx
import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from backplane.db.session import Database
from backplane.services.sealing import passphrases
from tests.api.conftest import PASSWORD, eventually, serving
from tests.support import pictures

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


@pytest.fixture
def narrow(gateway_settings, monkeypatch):
    """A gateway with five connections to the database, whose statements may wait for locks."""
    monkeypatch.setattr("backplane.wiring.gateway.REQUEST_SECONDS", 120)
    with serving(gateway_settings(database_pool_size=5)) as gateway:
        yield gateway


@pytest.fixture
async def patron(narrow, ada):
    """A user of that gateway, with any number of connections."""
    limits = httpx.Limits(max_connections=None)
    headers = {"Authorization": f"Bearer {ada.token}"}
    async with httpx.AsyncClient(
        base_url=narrow.base_url, headers=headers, limits=limits, timeout=60, trust_env=False
    ) as http:
        yield http


@asynccontextmanager
async def locked_jobs(settings):
    """Lock the table during the block: unlike the gateway's, this connection may be idle."""
    database = Database.from_settings(settings, pool_size=1, idle_seconds=0)
    try:
        async with database.transaction() as session:
            await session.execute(text("LOCK TABLE jobs IN ACCESS EXCLUSIVE MODE"))
            yield
    finally:
        await database.close()


class TestEmptyPool:
    async def test_is_503_until_connections_are_free(self, narrow, patron, gateway_settings):
        """Five requests hold all connections; the other 45 are refused with `Retry-After`."""
        answered = Counter()

        async def ask():
            answer = await patron.get("/api/v1/jobs")
            answered[answer.status_code] += 1
            if answer.status_code == 503:
                assert answer.json()["code"] == "overloaded"
                assert int(answer.headers["Retry-After"]) >= 1

        async with locked_jobs(gateway_settings()):
            asking = [asyncio.create_task(ask()) for _ in range(50)]
            await eventually(lambda: answered[503] == 45)
        await asyncio.gather(*asking)
        assert answered == {200: 5, 503: 45}
        assert narrow.services.resources.database.engine.pool.timeout() == 2
        assert (await patron.get("/api/v1/jobs")).status_code == 200

    async def test_100_concurrent_uploads_are_202_or_503(self, patron):
        files = {"image": ("a.png", pictures.as_png(pictures.make(8, 6)))}
        answers = await asyncio.gather(*(patron.post("/api/v1/encrypt", files=files) for _ in range(100)))
        assert {answer.status_code for answer in answers} <= {202, 503}
        assert all("Retry-After" in answer.headers for answer in answers)

    async def test_statement_waiting_for_lock_is_503(self, gateway_settings, ada, monkeypatch):
        monkeypatch.setattr("backplane.wiring.gateway.REQUEST_SECONDS", 0.5)
        with serving(gateway_settings()) as hasty:
            async with (
                locked_jobs(gateway_settings()),
                httpx.AsyncClient(base_url=hasty.base_url, trust_env=False, timeout=30) as http,
            ):
                answer = await http.get("/api/v1/jobs", headers={"Authorization": f"Bearer {ada.token}"})
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


class TestFullDisk:
    async def test_is_503_and_leaves_no_job(self, gateway, ada):
        """PostgreSQL reports 53100 for any statement that needs space."""
        refuse = (
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$",
            "CREATE TRIGGER full_disk BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION refuse()",
        )
        restore = ("DROP TRIGGER full_disk ON outbox", "DROP FUNCTION refuse()")

        async def execute(*statements):
            async with gateway.services.resources.database.transaction() as session:
                for statement in statements:
                    await session.execute(text(statement))

        await execute(*refuse)
        try:
            files = {"image": ("a.png", pictures.as_png(pictures.make(8, 6)))}
            answer = await ada.http.post("/api/v1/encrypt", files=files, headers={"Idempotency-Key": "full"})
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert "Retry-After" in answer.headers
        finally:
            await execute(*restore)
        assert (await ada.http.get("/api/v1/jobs")).json()["data"] == []
        again = await ada.http.post("/api/v1/encrypt", files=files, headers={"Idempotency-Key": "full"})
        assert again.status_code == 202


class TestPasswords:
    async def test_too_many_logins_are_503(self, client, ada, monkeypatch):
        monkeypatch.setattr(passphrases, "WAITING", 2)
        form = {"grant_type": "password", "username": ada.email, "password": PASSWORD}
        answers = await asyncio.gather(*(client.post("/api/v1/auth/token", data=form) for _ in range(20)))
        codes = Counter(answer.status_code for answer in answers)
        assert set(codes) == {200, 503}
        assert all(a.headers["Retry-After"] for a in answers if a.status_code == 503)


class TestAbortedUploads:
    async def test_complete_upload_becomes_a_job(self, server, wired, monkeypatch):
        """The caller disconnects after the last byte: the job exists all the same, and no bytes stay counted."""
        store = server.services.resources.store
        put, reached = store.put, asyncio.Event()
        loop = asyncio.get_running_loop()
        released = []

        async def hold(*arguments, **named):
            loop.call_soon_threadsafe(reached.set)
            while not released:  # noqa: ASYNC110 - another loop lets it go
                await asyncio.sleep(0.01)
            await put(*arguments, **named)

        monkeypatch.setattr(store, "put", hold)
        files = {"image": ("a.png", pictures.as_png(pictures.make(8, 6)))}
        sending = asyncio.create_task(wired.http.post("/api/v1/encrypt", files=files))
        await reached.wait()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        released.append(True)
        while not (jobs := (await wired.http.get("/api/v1/jobs")).json()["data"]):
            pass
        assert [job["status"] for job in jobs] == ["pending"]
        await eventually(lambda: REGISTRY.get_sample_value("imageshield_upload_bytes_in_flight") == 0)
