"""Rates on a real Redis: exact for requests at once, exact in time, and what holds without Redis."""

import asyncio
import time
from itertools import count

import pytest

from backplane.errors import (
    Unavailable,
)
from backplane.errors.limits import RateLimited
from backplane.services.usage import rates as rates_module
from backplane.services.usage.rates import Bucket, Rates, Window, require

pytestmark = [pytest.mark.anyio, pytest.mark.stack]
NUMBER = count(1)
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def rates(settings):
    opened = Rates.from_settings(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def without_redis(stack, settings):
    opened = Rates.from_settings(settings.model_copy(update={"redis_url": type(settings.redis_url)(NOWHERE)}))
    yield opened
    await opened.close()


def bucket(amount, seconds=60, name="user"):
    return Bucket(name, f"holder{next(NUMBER)}", amount, seconds)


async def granted(rates, one, number):
    counted = await asyncio.gather(*[rates.count([one]) for _ in range(number)])
    return sum(standing.granted for [standing] in counted)


class TestCount:
    async def test_parallel_requests_are_exact(self, rates):
        assert await granted(rates, bucket(37), 200) == 37

    async def test_processes_share_a_bucket(self, rates, settings):
        other, one = Rates.from_settings(settings), bucket(25)
        numbers = await asyncio.gather(granted(rates, one, 100), granted(other, one, 100))
        await other.close()
        assert sum(numbers) == 25

    async def test_buckets_are_independent(self, rates):
        narrow, wide = bucket(1), bucket(5)
        await rates.count([narrow, wide])
        first, second = await rates.count([narrow, wide])
        assert (first.granted, first.remaining) == (False, 0)
        assert (second.granted, second.remaining) == (True, 3)

    async def test_all_buckets_take_one_round_trip(self, rates, monkeypatch):
        await rates.count([bucket(1)])  # the scripts are loaded
        sent = []
        pool_get = rates._pool.get_connection

        async def get(*args, **kwargs):
            connection = await pool_get(*args, **kwargs)
            sent.append(connection)
            return connection

        monkeypatch.setattr(rates._pool, "get_connection", get)
        await rates.count([bucket(9), bucket(9), bucket(9)])
        assert len(sent) == 1

    async def test_emptied_redis_gets_the_scripts_again(self, rates):
        one = bucket(2)
        await rates.count([one])
        await rates._redis.bridge.get_connection().script_flush()
        [standing] = await rates.count([one])
        assert standing.remaining == 0

    async def test_looking_counts_nothing(self, rates):
        one = bucket(2)
        await rates.count([one])
        for _ in range(3):
            assert (await rates.look(one)).used == 1

    async def test_keys_expire(self, rates, settings):
        one = bucket(2, seconds=1)
        await rates.count([one])
        connection = rates._redis.bridge.get_connection()
        [key] = await connection.keys("*")
        assert b"imageshield:rates" in key
        assert 0 < await connection.pttl(key) <= 2000


class TestRetryAfter:
    @pytest.mark.parametrize("amount", [1, 3])
    async def test_time_of_a_refusal_is_exact(self, rates, amount):
        """A second before it the answer is still no, and after it yes."""
        one = bucket(amount, seconds=3)
        assert await granted(rates, one, amount) == amount
        with pytest.raises(RateLimited) as refused:
            require(await rates.count([one]))
        began, wait = time.monotonic(), refused.value.retry_after
        assert 2 <= wait <= 3
        while not (await rates.count([one]))[0].granted:  # noqa: ASYNC110 - the time is what is tested
            await asyncio.sleep(0.05)
        assert wait - 1 <= time.monotonic() - began <= wait + 0.3

    async def test_refusal_says_limit_use_and_reset(self, rates):
        one = bucket(2)
        await granted(rates, one, 2)
        with pytest.raises(RateLimited) as refused:
            require(await rates.count([one]))
        limit = refused.value.limit
        assert (limit.name, limit.limit, limit.used) == ("user", 2, 2)
        assert abs(limit.reset.timestamp() - time.time() - refused.value.retry_after) <= 1

    @pytest.mark.parametrize(
        ("window", "wait"),
        [
            (Window(0, 0.0, 4, 20.0), 0.0),
            (Window(0, 0.0, 10, 20.0), 20.0),
            (Window(20, 30.0, 0, 0.0), 0.0),  # ten of them are gone
            (Window(20, 45.0, 0, 0.0), 15.0),
            (Window(10, 30.0, 5, 30.0), 0.0),
            (Window(10, 36.0, 5, 36.0), 6.0),
        ],
    )
    def test_follows_from_the_counts(self, window, wait):
        assert window.until_room(10, 60) == wait


class TestWithoutRedis:
    async def test_each_process_counts_for_itself(self, without_redis):
        assert await granted(without_redis, bucket(5), 20) == 5

    async def test_redis_is_not_asked_for_a_moment(self, without_redis, monkeypatch):
        await without_redis.count([bucket(5)])

        async def fail(_buckets):
            raise AssertionError

        monkeypatch.setattr(without_redis, "_count_together", fail)
        assert (await without_redis.count([bucket(5)]))[0].granted

    async def test_redis_is_asked_again_later(self, without_redis, rates, monkeypatch):
        monkeypatch.setattr(rates_module, "AWAY_SECONDS", 0.0)
        await without_redis.count([bucket(5)])
        without_redis._each = rates._each
        one = bucket(5)
        await without_redis.count([one])
        assert (await rates.look(one)).used == 1

    async def test_attempts_are_refused(self, without_redis):
        with pytest.raises(Unavailable):
            await without_redis.attempt(bucket(5, name="log-in"))
        assert await without_redis.look(bucket(5)) is None
