import asyncio

import pytest
import structlog
from redis.asyncio import Redis

from backplane import bus as module
from backplane import ids
from backplane.bus import QUEUE_LENGTH, REVOKED, Listener, Notification, RedisBus
from backplane.errors import Unavailable

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
async def bus(settings):
    opened = RedisBus.from_settings(settings)
    yield opened
    await opened.close()


@pytest.fixture
async def subscribed(bus):
    """A subscribed bus: before its subscription a bus misses notifications. Its log entries have `of="this bus"`."""
    with structlog.contextvars.bound_contextvars(of="this bus"), bus.listen([]):
        await asyncio.wait_for(bus.renewed.wait(), 10)
        bus.renewed.clear()
    return bus


@pytest.fixture
async def redis(settings):
    async with Redis.from_url(settings.redis_url.get_secret_value()) as client:
        yield client


def event(seq, type_="progress"):
    return {"seq": seq, "type": type_, "payload": {"progress": seq}}


class TestListen:
    async def test_listener_gets_only_its_jobs_in_order(self, subscribed):
        first, second, other = ids.new(), ids.new(), ids.new()
        with subscribed.listen([first, second]) as listener:
            for job_id, seq in ((first, 1), (other, 1), (second, 1), (first, 2)):
                await subscribed.publish(job_id, event(seq))
            heard = [await listener.next(10) for _ in range(3)]
        assert heard == [
            Notification(first, 1, "progress", {"progress": 1}),
            Notification(second, 1, "progress", {"progress": 1}),
            Notification(first, 2, "progress", {"progress": 2}),
        ]

    async def test_two_listeners_to_one_job_hear_the_same(self, subscribed):
        job_id = ids.new()
        with subscribed.listen([job_id]) as one, subscribed.listen([job_id, ids.new()]) as two:
            await subscribed.publish(job_id, event(1))
            assert await one.next(10) == await two.next(10)

    async def test_leaving_listener_does_not_affect_another(self, subscribed):
        job_id = ids.new()
        with subscribed.listen([job_id]) as stays:
            with subscribed.listen([job_id]):
                pass
            await subscribed.publish(job_id, event(1))
            assert (await stays.next(10)).seq == 1
        assert subscribed.listened_to == []

    async def test_silence_is_none_after_its_time(self, subscribed):
        with subscribed.listen([ids.new()]) as listener:
            assert await listener.next(0.01) is None

    async def test_broken_connection_is_restored_and_sets_renewed(self, subscribed, redis, monkeypatch):
        monkeypatch.setattr(module, "RECONNECT_SECONDS", 0.01)
        job_id = ids.new()
        with subscribed.listen([job_id]) as listener:
            await redis.client_kill_filter(_type="pubsub")
            await asyncio.wait_for(subscribed.renewed.wait(), 10)
            heard = None
            while heard is None:
                await subscribed.publish(job_id, event(2))
                heard = await listener.next(0.1)
        assert heard.seq == 2

    async def test_one_that_is_merely_quiet_is_kept(self, bus, monkeypatch):
        monkeypatch.setattr(module, "PAUSE_SECONDS", 0.02)
        monkeypatch.setattr(module, "SILENT_PAUSES", 3)
        asked, ask = asyncio.Semaphore(0), bus._check_connection

        async def count(pubsub, pauses):
            if pauses == module.SILENT_PAUSES:
                asked.release()
            await ask(pubsub, pauses)

        monkeypatch.setattr(bus, "_check_connection", count)
        with bus.listen([ids.new()]):
            await asyncio.wait_for(bus.renewed.wait(), 10)
            bus.renewed.clear()
            for _ in range(5):
                await asyncio.wait_for(asked.acquire(), 10)
            assert not bus.renewed.is_set()

    async def test_silent_connection_is_given_up(self, settings, monkeypatch):
        monkeypatch.setattr(module, "RECONNECT_SECONDS", 0.01)
        monkeypatch.setattr(module, "PAUSE_SECONDS", 0.02)
        monkeypatch.setattr(module, "SILENT_PAUSES", 5)
        connections = []

        async def swallow(reader, writer):
            """Let a subscription through, then nothing."""
            connections.append(writer)
            await reader.read(1)
            for name in (module.PREFIX + "*", REVOKED):
                writer.write(f"*3\r\n$10\r\npsubscribe\r\n${len(name)}\r\n{name}\r\n:1\r\n".encode())
            while await reader.read(1000):
                pass

        silent = await asyncio.start_server(swallow, "127.0.0.1")
        port = silent.sockets[0].getsockname()[1]
        address = type(settings.redis_url)(f"redis://127.0.0.1:{port}/0?protocol=2&lib_name=&lib_version=")
        deaf = RedisBus.from_settings(settings.model_copy(update={"redis_url": address}))
        with deaf.listen([ids.new()]):
            async with asyncio.timeout(20):
                while len(connections) < 3:
                    await deaf.renewed.wait()
                    deaf.renewed.clear()
        await deaf.close()
        silent.close()
        for writer in connections:
            writer.close()

    @pytest.mark.parametrize(
        "message",
        [
            b"",
            b"nonsense",
            b"\xff",
            b"[]",
            b"null",
            b"{}",
            b'{"seq": "1", "type": "progress", "payload": {}}',
            b'{"seq": true, "type": "progress", "payload": {}}',
            b'{"seq": 1, "type": null, "payload": {}}',
            b'{"seq": 1, "type": "progress", "payload": []}',
        ],
    )
    async def test_malformed_message_is_logged_and_ignored(self, subscribed, redis, message):
        job_id = ids.new()
        named = [structlog.contextvars.merge_contextvars]
        with structlog.testing.capture_logs(processors=named) as lines, subscribed.listen([job_id]) as listener:
            await redis.publish(module.PREFIX + job_id.hex, message)
            await redis.publish(module.PREFIX + "nonsense", b"{}")
            await redis.publish(REVOKED, b"nonsense")
            await subscribed.publish(job_id, event(1))
            assert (await listener.next(10)).seq == 1
        # Channels have no database: the buses of other threads hear the same, and log it in their own time.
        ours = [(line["event"], line["channel"]) for line in lines if line.get("of") == "this bus"]
        channels = (module.PREFIX + job_id.hex, module.PREFIX + "nonsense", REVOKED)
        assert ours == [("bus.message_ignored", str(channel.encode())) for channel in channels]

    async def test_without_redis_ringing_fails_silently(self, settings):
        deaf = RedisBus.from_settings(settings.model_copy(update={"redis_url": type(settings.redis_url)(NOWHERE)}))
        await deaf.publish(ids.new(), event(1))
        await deaf.revoke(ids.new())
        await deaf.close()


class TestListener:
    def test_one_that_is_too_far_behind_knows_it(self):
        job_id = ids.new()
        listener = Listener([job_id])
        for seq in range(QUEUE_LENGTH):
            listener.push(Notification(job_id, seq))
        assert not listener.overflowed
        listener.push(Notification(job_id, QUEUE_LENGTH))
        assert listener.overflowed

    async def test_cleared_listener_starts_again(self):
        job_id = ids.new()
        listener = Listener([job_id])
        for seq in range(QUEUE_LENGTH + 1):
            listener.push(Notification(job_id, seq))
        listener.clear()
        listener.push(Notification(job_id, 99))
        assert await listener.next(1) == Notification(job_id, 99)
        assert not listener.overflowed

    def test_one_to_many_jobs_may_be_further_behind(self):
        job_ids = [ids.new() for _ in range(100)]
        listener = Listener(job_ids)
        for job_id in job_ids:
            listener.push(Notification(job_id, 1))
        assert not listener.overflowed


class TestRevocation:
    async def test_every_subscribed_process_is_notified(self, subscribed, settings):
        other, holder, heard = RedisBus.from_settings(settings), ids.new(), asyncio.Queue()
        with subscribed.on_revoked(heard.put_nowait):
            await other.revoke(holder)
            assert await asyncio.wait_for(heard.get(), 10) == holder
        await other.close()


class TestKeeping:
    async def test_what_is_kept_is_taken_once(self, bus):
        await bus.keep("imageshield:test", b"value", seconds=30)
        assert await bus.take("imageshield:test") == b"value"
        assert await bus.take("imageshield:test") is None

    async def test_without_redis_it_says_so(self, settings):
        deaf = RedisBus.from_settings(settings.model_copy(update={"redis_url": type(settings.redis_url)(NOWHERE)}))
        with pytest.raises(Unavailable):
            await deaf.keep("imageshield:test", b"value", seconds=30)
        with pytest.raises(Unavailable):
            await deaf.take("imageshield:test")
        await deaf.close()
