import json
from datetime import UTC, datetime

import pytest
from redis.asyncio import Redis

from backplane.bus import RedisBus
from backplane.errors import Unavailable
from backplane.services.entropy.pools import EntropyPools, PoolAlarm, PoolLevel, Refill, pool_key

pytestmark = pytest.mark.anyio

NOW = datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)
LEVEL = PoolLevel("0a0b0c0d", "aer", "simulated", 4096, 1 << 20, Refill(4096, 0.25, NOW), PoolAlarm("stuck", NOW), NOW)


class TestPoolLevel:
    @pytest.mark.parametrize("level", [LEVEL, PoolLevel("1", "os", "os", 0, 4096, None, None, NOW)])
    def test_comes_back_as_it_was_written(self, level):
        assert PoolLevel.from_json(level.to_json()) == level

    @pytest.mark.parametrize(
        "text", ["", "{}", "[]", "null", "1", "nonsense", LEVEL.to_json().replace("2026", "26"), b"\xff"]
    )
    def test_refuses_what_no_worker_writes(self, text):
        with pytest.raises(ValueError, match=r".*"):
            PoolLevel.from_json(text)

    @pytest.mark.parametrize("name", sorted(json.loads(LEVEL.to_json())))
    def test_refuses_a_level_that_lacks_something(self, name):
        said = json.loads(LEVEL.to_json())
        del said[name]
        with pytest.raises(ValueError, match="no level of a pool"):
            PoolLevel.from_json(json.dumps(said))


@pytest.mark.stack
class TestLevels:
    @pytest.fixture
    async def pools(self, settings):
        bus = RedisBus.from_settings(settings)
        yield EntropyPools(bus)
        await bus.close()

    async def test_are_none_without_workers(self, pools):
        assert await pools.levels() == []

    async def test_are_those_that_workers_told(self, pools, redis_url):
        other = PoolLevel("1", "os", "os", 0, 4096, None, None, NOW)
        async with Redis.from_url(redis_url) as redis:
            for level in (other, LEVEL):
                await redis.set(pool_key(level.worker), level.to_json())
            await redis.set("imageshield:workers:x", 1)
        assert await pools.levels() == [LEVEL, other]

    async def test_report_of_another_version_is_left_out(self, pools, redis_url):
        async with Redis.from_url(redis_url) as redis:
            await redis.set(pool_key("2"), "{}")
            await redis.set(pool_key(LEVEL.worker), LEVEL.to_json())
        assert await pools.levels() == [LEVEL]


class TestWithoutRedis:
    async def test_is_unavailable_and_says_what(self):
        bus = RedisBus(Redis.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1))
        with pytest.raises(Unavailable, match="Redis does not answer"):
            await EntropyPools(bus).levels()
        await bus.close()
