import asyncio
from contextlib import AsyncExitStack, aclosing

import pytest

from backplane import ids
from backplane.bus import QUEUE_LENGTH, Notification, RedisBus
from backplane.db.repositories import events
from backplane.errors import NotFound
from backplane.services.jobs import progress
from backplane.services.jobs.endings import Endings
from backplane.services.jobs.progress import Event, ProgressFeed, TooSlow
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.caller import Caller
from tests.support.endings import Decrypted, complete_decrypt

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

OUTCOME = Decrypted(data=b"picture", media_type="image/png", file_name=None, columns={})


@pytest.fixture
def feed(resources):
    return ProgressFeed(resources.database, resources.bus)


async def collect(feed, account, job_id, last_seq=0):
    """Follow a job to its end: the snapshot, then the events."""
    async with aclosing(feed.follow(Caller(account.id), job_id, last_seq=last_seq)) as stream:
        seen = [item async for item in stream if item is not None]
    assert isinstance(seen[0], JobFacts)
    return seen[0], seen[1:]


class TestFollow:
    async def test_a_follower_hears_every_event_in_order(self, feed, claims, submit, account):
        job_id = await submit()
        following = asyncio.create_task(collect(feed, account, job_id))
        claim = await claims.claim()
        for percent in range(0, 100, 10):
            await claims.report(claim, [("decrypting", percent)])
        await complete_decrypt(claims, claim, OUTCOME)
        _, events = await asyncio.wait_for(following, 20)
        assert [event.seq for event in events] == list(range(1, 13))
        assert events[-1].type == "completed"

    async def test_late_follower_gets_state_and_all_events(self, feed, claims, submit, account):
        job_id = await submit()
        claim = await claims.claim()
        await claims.report(claim, [("decrypting", 50)])
        await complete_decrypt(claims, claim, OUTCOME)
        facts, events = await collect(feed, account, job_id)
        assert facts.status == "completed"
        assert [event.seq for event in events] == [1, 2, 3]

    async def test_returning_follower_gets_missed_events(self, feed, claims, submit, account):
        job_id = await submit()
        await complete_decrypt(claims, await claims.claim(), OUTCOME)
        assert [event.seq for event in (await collect(feed, account, job_id, last_seq=1))[1]] == [2]

    async def test_follower_with_last_event_ends_at_once(self, feed, claims, submit, account):
        job_id = await submit()
        await complete_decrypt(claims, await claims.claim(), OUTCOME)
        assert (await collect(feed, account, job_id, last_seq=2))[1] == []
        assert (await collect(feed, account, job_id, last_seq=99))[1] == []

    async def test_the_end_is_heard_without_redis(self, resources, claims, submit, account, settings):
        broken = settings.model_copy(update={"redis_url": type(settings.redis_url)("redis://127.0.0.1:1/0")})
        bus = RedisBus.from_settings(broken)
        job_id = await submit()
        following = asyncio.create_task(collect(ProgressFeed(resources.database, bus), account, job_id))
        await complete_decrypt(claims, await claims.claim(), OUTCOME)
        assert (await asyncio.wait_for(following, 20))[1][-1].type == "completed"
        await bus.close()

    async def test_a_lost_ring_leaves_no_gap(self, resources, submit, account, claims):
        job_id = await submit()
        following = asyncio.create_task(collect(ProgressFeed(resources.database, resources.bus), account, job_id))
        claim = await claims.claim()
        endings = claims._endings
        claims._endings = Endings(type("Silent", (), {"publish": staticmethod(lambda *_: asyncio.sleep(0))})(), [])
        await claims.report(claim, [("decrypting", 30)])
        claims._endings = endings
        await complete_decrypt(claims, claim, OUTCOME)
        _, events = await asyncio.wait_for(following, 20)
        assert [event.seq for event in events] == [1, 2, 3]

    async def test_another_accounts_job_does_not_exist(self, feed, submit):
        job_id = await submit()
        with pytest.raises(NotFound):
            async with aclosing(feed.follow(Caller(ids.new()), job_id)) as stream:
                await anext(stream)

    @pytest.mark.parametrize("at_once", [1, 2, 3, 4, 5])
    async def test_many_portions_of_events_are_read_completely(
        self, *, feed, claims, submit, account, monkeypatch, at_once
    ):
        monkeypatch.setattr(events, "EVENTS_AT_ONCE", at_once)
        job_id = await submit()
        claim = await claims.claim()
        await claims.report(claim, [("decrypting", 30), ("decrypting", 60)])
        await complete_decrypt(claims, claim, OUTCOME)
        _, followed = await asyncio.wait_for(collect(feed, account, job_id), 20)
        assert [event.seq for event in followed] == [1, 2, 3, 4]

    async def test_idle_job_yields_none(self, feed, submit, account):
        async with aclosing(feed.follow(Caller(account.id), await submit(), last_seq=1, beat_seconds=0.01)) as stream:
            assert isinstance(await anext(stream), JobFacts)
            assert [await anext(stream) for _ in range(2)] == [None, None]

    async def test_slow_follower_must_reconnect(self, feed, resources, submit, account):
        job_id = await submit()
        async with aclosing(feed.follow(Caller(account.id), job_id, last_seq=1)) as stream:
            await anext(stream)
            listening = asyncio.create_task(anext(stream))
            await asyncio.sleep(0)
            for seq in range(2, QUEUE_LENGTH + 3):
                resources.bus.dispatch(Notification(job_id, seq, "progress", {}))
            with pytest.raises(TooSlow):
                await listening

    async def test_overflow_during_catch_up_is_tolerated(self, feed, resources, claims, submit, account):
        job_id = await submit()
        claim = await claims.claim()
        async with aclosing(feed.follow(Caller(account.id), job_id)) as stream:
            await anext(stream)
            [listener] = resources.bus._listeners[job_id]
            for _ in range(QUEUE_LENGTH + 1):
                listener.push(Notification(job_id, 2, "progress", {}))
            await complete_decrypt(claims, claim, OUTCOME)
            assert [(await anext(stream)).seq for _ in range(2)] == [1, 2]

    async def test_one_poll_serves_all_followers(self, feed, submit, account, monkeypatch):
        """Polling stops with the last follower."""
        looks, last_of = asyncio.Queue(), events.last_of

        async def look(session, job_ids):
            looks.put_nowait(set(job_ids))
            return await last_of(session, job_ids)

        monkeypatch.setattr(events, "last_of", look)
        monkeypatch.setattr(progress, "LOOK_SECONDS", 0.05)
        job_ids = [await submit() for _ in range(5)]
        async with AsyncExitStack() as stack:
            for job_id in job_ids * 3:
                await anext(await stack.enter_async_context(aclosing(feed.follow(Caller(account.id), job_id))))
            while not looks.empty():
                looks.get_nowait()
            assert await asyncio.wait_for(looks.get(), 10) == set(job_ids)
        assert feed._polling is None


class TestEvent:
    @pytest.mark.parametrize(("kind", "last"), [("progress", False), ("completed", True), ("error", True)])
    async def test_the_end_is_known_by_its_type(self, kind, last):
        assert Event(ids.new(), 1, kind, {}).terminal is last
