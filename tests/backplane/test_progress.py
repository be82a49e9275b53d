import asyncio
from contextlib import aclosing

import pytest

from backplane import ids
from backplane.bus import RedisBus
from backplane.errors import NotFound
from backplane.services.jobs import JobFacts
from backplane.services.outcomes import DecryptOutcome
from backplane.services.progress import Event, ProgressFeed

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

OUTCOME = DecryptOutcome(data=b"picture", media_type="image/png", file_name=None, columns={})


@pytest.fixture
def feed(plant):
    return ProgressFeed(plant.database, plant.bus)


async def collect(feed, account, job_id, last_seq=0):
    """Follow a job to its end: the snapshot, then the events."""
    async with aclosing(feed.follow(account.id, job_id, last_seq=last_seq)) as stream:
        seen = [item async for item in stream if item is not None]
    assert isinstance(seen[0], JobFacts)
    return seen[0], seen[1:]


class TestFollow:
    async def test_a_follower_hears_every_event_in_order(self, feed, claims, submit, account):
        job_id = await submit()
        following = asyncio.create_task(collect(feed, account, job_id))
        claim = await claims.claim()
        for progress in range(0, 100, 10):
            await claims.report(claim, [("decrypting", progress)])
        await claims.complete_decrypt(claim, OUTCOME)
        _, events = await asyncio.wait_for(following, 20)
        assert [event.seq for event in events] == list(range(1, 13))
        assert events[-1].type == "completed"

    async def test_a_late_follower_gets_the_state_and_the_whole_story(self, feed, claims, submit, account):
        job_id = await submit()
        claim = await claims.claim()
        await claims.report(claim, [("decrypting", 50)])
        await claims.complete_decrypt(claim, OUTCOME)
        facts, events = await collect(feed, account, job_id)
        assert facts.status == "completed"
        assert [event.seq for event in events] == [1, 2, 3]

    async def test_a_follower_that_comes_back_gets_what_it_missed(self, feed, claims, submit, account):
        job_id = await submit()
        await claims.complete_decrypt(await claims.claim(), OUTCOME)
        assert [event.seq for event in (await collect(feed, account, job_id, last_seq=1))[1]] == [2]

    async def test_a_follower_that_has_heard_the_end_is_not_kept_waiting(self, feed, claims, submit, account):
        job_id = await submit()
        await claims.complete_decrypt(await claims.claim(), OUTCOME)
        assert (await collect(feed, account, job_id, last_seq=2))[1] == []
        assert (await collect(feed, account, job_id, last_seq=99))[1] == []

    async def test_the_end_is_heard_without_redis(self, plant, claims, submit, account, settings):
        broken = settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0")})
        bus = RedisBus.from_settings(broken)
        job_id = await submit()
        following = asyncio.create_task(collect(ProgressFeed(plant.database, bus), account, job_id))
        await claims.complete_decrypt(await claims.claim(), OUTCOME)
        assert (await asyncio.wait_for(following, 20))[1][-1].type == "completed"
        await bus.close()

    async def test_a_lost_ring_leaves_no_gap(self, plant, submit, account, claims):
        job_id = await submit()
        following = asyncio.create_task(collect(ProgressFeed(plant.database, plant.bus), account, job_id))
        claim = await claims.claim()
        bus = claims._bus
        claims._bus = type("Silent", (), {"publish": staticmethod(lambda *_: asyncio.sleep(0))})()
        await claims.report(claim, [("decrypting", 30)])
        claims._bus = bus
        await claims.complete_decrypt(claim, OUTCOME)
        _, events = await asyncio.wait_for(following, 20)
        assert [event.seq for event in events] == [1, 2, 3]

    async def test_another_accounts_job_does_not_exist(self, feed, submit):
        job_id = await submit()
        with pytest.raises(NotFound):
            async with aclosing(feed.follow(ids.new(), job_id)) as stream:
                await anext(stream)


class TestEvent:
    @pytest.mark.parametrize(("kind", "last"), [("progress", False), ("completed", True), ("error", True)])
    async def test_the_end_is_known_by_its_type(self, kind, last):
        assert Event(ids.new(), 1, kind, {}).terminal is last
