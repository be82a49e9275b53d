import asyncio
import statistics

import pytest
from redis.asyncio import Redis

from backplane import failpoints
from backplane.db.notifications import Notifications
from backplane.errors import Unavailable
from backplane.queue import NAME, CeleryQueue
from backplane.services.upkeep.outbox import OutboxRelay
from relay.outbox import drain_outbox

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


@pytest.fixture
def queue(settings):
    opened = CeleryQueue.from_settings(settings)
    yield opened
    opened.close()


@pytest.fixture
async def waiting(settings):
    """Count the messages that wait in the queue."""
    redis = Redis.from_url(settings.redis_url.get_secret_value())
    yield lambda: redis.llen(NAME)
    await redis.aclose()


class TestDrain:
    async def test_committed_job_is_published(self, resources, queue, submit, waiting, sql):
        await submit()
        await submit()
        assert await OutboxRelay(resources.database, queue).drain() == 2
        assert await waiting() == 2
        assert (
            await sql("SELECT publications, published_at IS NOT NULL AS said FROM jobs")
            == [{"publications": 1, "said": True}] * 2
        )

    async def test_an_empty_outbox_tells_nothing(self, resources, queue, account, waiting):
        assert await OutboxRelay(resources.database, queue).drain() == 0
        assert await waiting() == 0

    async def test_two_relays_do_not_tell_the_same(self, resources, queue, submit, waiting):
        for _ in range(10):
            await submit()
        counts = await asyncio.gather(
            OutboxRelay(resources.database, queue).drain(), OutboxRelay(resources.database, queue).drain()
        )
        assert sum(counts) == 10
        assert await waiting() == 10

    async def test_what_the_queue_did_not_hear_waits(self, resources, submit, sql, settings):
        deaf = CeleryQueue.from_settings(
            settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0")})
        )
        await submit()
        with pytest.raises(Unavailable):
            await OutboxRelay(resources.database, deaf).drain()
        assert len(await sql("SELECT 1 FROM outbox")) == 1
        deaf.close()

    async def test_many_jobs_are_published_in_batches(self, resources, queue, submit, waiting, sql):
        job_id = await submit()
        await sql("INSERT INTO outbox (job_id) SELECT :job_id FROM generate_series(1, 249)", job_id=job_id)
        relay = OutboxRelay(resources.database, queue)
        assert [await relay.drain() for _ in range(4)] == [100, 100, 50, 0]
        assert await waiting() == 250

    async def test_undue_intent_waits_with_known_time(self, resources, queue, submit, waiting, sql):
        relay = OutboxRelay(resources.database, queue)
        assert await relay.seconds_to_next() is None
        await submit()
        await sql("UPDATE outbox SET due_at = now() + interval '1 minute'")
        assert await relay.drain() == 0
        assert 50 < await relay.seconds_to_next() <= 60
        await sql("UPDATE outbox SET due_at = now() - interval '1 second'")
        assert await relay.drain() == 1
        assert await waiting() == 1

    async def test_relay_crash_publishes_twice_but_runs_once(
        self, *, resources, queue, submit, waiting, sql, claims, monkeypatch, tmp_path
    ):
        await submit()
        (tmp_path / "relay.published").write_text("raise")
        monkeypatch.setattr(failpoints, "_directory", tmp_path)
        relay = OutboxRelay(resources.database, queue)
        with pytest.raises(failpoints.Injected):
            await relay.drain()
        assert len(await sql("SELECT 1 FROM outbox")) == 1
        assert await relay.drain() == 1
        assert await waiting() == 2
        assert [await claims.claim() is None for _ in range(2)] == [False, True]


class TestNotifications:
    async def test_a_commit_wakes_the_relay(self, settings, submit):
        async with Notifications(settings) as notifications:
            await notifications.wait(5)  # the first one says that it listens
            await submit()
            started = asyncio.get_running_loop().time()
            await notifications.wait(30)
            assert asyncio.get_running_loop().time() - started < 10

    async def test_from_commit_to_queue_it_takes_milliseconds(self, settings, resources, queue, submit, waiting):
        """The middle of nine: the relay looks by itself once a second, and this must not be that."""
        loop, took = asyncio.get_running_loop(), []
        async with Notifications(settings) as notifications:
            await notifications.wait(5)
            relaying = asyncio.create_task(drain_outbox(OutboxRelay(resources.database, queue), notifications))
            for number in range(1, 10):
                await submit()
                committed = loop.time()
                while await waiting() < number:
                    pass
                took.append(loop.time() - committed)
            relaying.cancel()
        assert statistics.median(took) < 0.2

    async def test_cut_connection_is_restored(self, settings, submit, sql):
        async with Notifications(settings) as notifications:
            await notifications.wait(5)
            await sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'")
            await notifications.wait(10)
            await submit()
            await notifications.wait(10)
