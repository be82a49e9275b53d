"""The list of entropy pools."""

import pytest

from backplane.errors import Unavailable
from backplane.services.entropy.pools import pool_key
from tests.backplane.test_entropy import LEVEL

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

POOLS = "/api/v1/entropy/pools"


class TestListPools:
    @pytest.fixture
    async def level(self, gateway):
        """A worker has reported its level; no other test sees it."""
        redis = gateway.services.resources.bus._redis
        await redis.set(pool_key(LEVEL.worker), LEVEL.to_json(), ex=60)
        yield
        await redis.delete(pool_key(LEVEL.worker))

    async def test_is_empty_without_workers(self, ada):
        response = await ada.http.get(POOLS)
        assert (response.status_code, response.json()) == (200, {"pools": [], "waiting_bits": 0, "capacity_bits": 0})

    async def test_shows_each_level(self, ada, level):
        assert (await ada.http.get(POOLS)).json() == {
            "pools": [
                {
                    "worker": "0a0b0c0d",
                    "source": "aer",
                    "kind": "simulated",
                    "waiting_bits": 4096,
                    "capacity_bits": 1 << 20,
                    "refill": {"bits": 4096, "seconds": 0.25, "at": "2026-01-02T03:04:05.678901Z"},
                    "alarm": {"reason": "stuck", "at": "2026-01-02T03:04:05.678901Z"},
                    "reported_at": "2026-01-02T03:04:05.678901Z",
                }
            ],
            "waiting_bits": 4096,
            "capacity_bits": 1 << 20,
        }

    async def test_missing_credential_is_refused(self, client, level):
        response = await client.get(POOLS)
        assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")

    async def test_is_503_without_redis(self, ada, gateway, monkeypatch):
        async def read():
            raise Unavailable("Redis does not answer")

        monkeypatch.setattr(gateway.services.resources.bus, "read_pools", read)
        response = await ada.http.get(POOLS)
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert response.headers["Retry-After"]
