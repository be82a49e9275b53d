"""Liveness and readiness: `/health`, `/ready` and the check of each service."""

import asyncio
from contextlib import AsyncExitStack

import pytest
import redis

from api.serving.readiness import Check
from backplane.bus import WORKERS
from tests.api.conftest import opened

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

OK = {"database": "ok", "object_store": "ok", "redis": "ok", "workers": "ok"}


@pytest.fixture
async def other(gateway_settings, monkeypatch):
    """A gateway whose parts the test may break."""
    monkeypatch.setattr("api.serving.readiness.FRESH_SECONDS", 0)
    async with opened(gateway_settings()) as gateway, gateway.client() as client:
        yield gateway, client


def break_check(gateway, name, *, with_answer=False):
    async def ask():
        if with_answer:
            return False
        raise ConnectionError("canary")

    setattr(gateway.app.state.readiness, f"_{name}", Check(ask))


async def ready(client):
    response = await client.get("/ready")
    return response.status_code, response.json()


class TestHealth:
    async def test_is_ok_without_any_other_service(self, other):
        gateway, client = other
        for name in ("database", "store", "redis"):
            break_check(gateway, name)
        response = await client.get("/health")
        assert (response.status_code, response.json()) == (200, {"status": "ok"})


@pytest.fixture
def report_worker(gateway_settings):
    def report():
        with redis.Redis.from_url(gateway_settings().redis_url.get_secret_value()) as client:
            client.set(f"{WORKERS}:test", 1, ex=30)

    return report


class TestReady:
    async def test_is_ok_when_a_worker_was_seen(self, other, report_worker):
        _, client = other
        assert await ready(client) == (200, {"status": "degraded", "checks": OK | {"workers": "down"}})
        report_worker()
        assert await ready(client) == (200, {"status": "ok", "checks": OK})

    async def test_is_degraded_without_redis(self, other, report_worker):
        gateway, client = other
        report_worker()
        break_check(gateway, "redis")
        assert await ready(client) == (200, {"status": "degraded", "checks": OK | {"redis": "down"}})

    @pytest.mark.parametrize(("part", "name"), [("database", "database"), ("store", "object_store")])
    async def test_is_down_without_database_or_store(self, other, report_worker, part, name):
        gateway, client = other
        report_worker()
        break_check(gateway, part)
        status, body = await ready(client)
        assert (status, body["status"], body["checks"]) == (503, "down", OK | {name: "down"})

    async def test_is_down_on_an_older_schema(self, other, monkeypatch):
        _, client = other
        with monkeypatch.context() as newer:
            newer.setattr("backplane.db.session.REVISION", "9999")
            assert (await ready(client))[0] == 503
        assert (await ready(client))[0] == 200

    async def test_empty_pool_does_not_count(self, other):
        """If a balancer sent clients elsewhere for that, it would only move the load."""
        gateway, client = other
        pool = gateway.services.resources.database.engine.pool
        async with AsyncExitStack() as taken:
            for _ in range(pool.size()):
                await taken.enter_async_context(gateway.services.resources.database.engine.connect())
            assert (await ready(client))[1]["checks"]["database"] == "ok"

    async def test_is_down_when_the_gateway_stops(self, other):
        gateway, client = other
        gateway.app.state.draining.begin()
        status, body = await ready(client)
        assert (status, body["status"]) == (503, "down")


class TestCheck:
    async def test_hanging_check_fails_and_runs_once(self, monkeypatch):
        monkeypatch.setattr("api.serving.readiness.CHECK_SECONDS", 0.02)
        asked, answered = [], asyncio.Event()

        async def ask():
            asked.append(1)
            await answered.wait()
            return True

        check = Check(ask)
        assert [await check.answer() for _ in range(3)] == [False, False, False]
        assert asked == [1]
        answered.set()
        assert await check.answer() is True

    async def test_old_answer_is_refreshed(self, monkeypatch):
        monkeypatch.setattr("api.serving.readiness.FRESH_SECONDS", 0)
        answers = iter([True, False])

        async def ask():
            return next(answers)

        check = Check(ask)
        assert [await check.answer(), await check.answer()] == [True, False]

    async def test_is_asked_once_by_any_number_of_probes(self):
        asked = []

        async def ask():
            asked.append(1)
            return True

        check = Check(ask)
        assert await asyncio.gather(*(check.answer() for _ in range(100))) == [True] * 100
        assert asked == [1]
