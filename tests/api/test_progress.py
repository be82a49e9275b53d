"""The progress of a job on a WebSocket."""

import asyncio
import json
import threading
import time

import pytest
import structlog
from sqlalchemy import text
from websockets.exceptions import ConnectionClosed

from api.live import streams
from api.ws import progress
from backplane import ids
from backplane.services.identity.access_tokens import AccessTokens
from tests.api.conftest import PASSWORD, eventually, serving
from tests.api.listening import end_session, listen, narrow_connection, refusal, rest, socket

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

UNKNOWN = "job_" + "0" * 32
MANY_EVENTS = """
    INSERT INTO job_events (job_id, seq, type, payload)
    SELECT :job, seq, 'progress', jsonb_build_object('stage', 'encrypting', 'padding', repeat('x', 500))
    FROM generate_series(2, :many) AS seq
"""


async def run(engine, job_id, *, reports=5):
    claim = await engine.take(job_id)
    for number in range(reports):
        await engine.claims.report(claim, [("encrypting", number % 100)])
    await engine.claims.fail(claim, code="image-corrupt", title="The image is damaged")


class TestMessages:
    async def test_snapshot_then_every_event_in_order(self, server, wired, engine, background):
        job_id = await wired.encrypt()
        async with socket(server, job_id, token=wired.token) as opened:
            first = json.loads(await opened.recv())
            background(run(engine, job_id))
            rest = [json.loads(await opened.recv()) for _ in range(7)]
            with pytest.raises(ConnectionClosed) as closed:
                await opened.recv()
        assert first == {
            "type": "snapshot",
            "job_id": job_id,
            "seq": 1,
            "payload": {"status": "pending", "progress": 0, "stage": "queued", "result_url": None, "error": None},
        }
        assert [message["seq"] for message in rest] == [1, 2, 3, 4, 5, 6, 7]
        assert {message["job_id"] for message in rest} == {job_id}
        assert rest[1] == {
            "type": "progress",
            "job_id": job_id,
            "seq": 2,
            "payload": {"progress": 0, "stage": "encrypting"},
        }
        assert rest[-1]["type"] == "error"
        error = {"code": "image-corrupt", "title": "The image is damaged", "detail": None}
        assert rest[-1]["payload"] == {"error": error}
        assert closed.value.rcvd.code == 1000

    async def test_late_listener_receives_every_message(self, server, wired, engine):
        job_id = await wired.encrypt()
        await engine.complete_encrypt(job_id)
        messages, code = await listen(server, job_id, token=wired.token)
        assert messages[0]["payload"]["status"] == "completed"
        assert messages[0]["payload"]["result_url"] == f"/api/v1/jobs/{job_id}/result"
        assert [message["seq"] for message in messages[1:]] == [1, 2]
        assert messages[-1]["type"] == "completed"
        assert messages[-1]["payload"] == {"result_url": f"/api/v1/jobs/{job_id}/result"}
        assert code == 1000

    async def test_only_missed_events_follow_the_snapshot(self, server, wired, engine):
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=5)
        messages, code = await listen(server, job_id, token=wired.token, last_seq=4)
        assert (messages[0]["type"], messages[0]["seq"]) == ("snapshot", 7)
        assert [message["seq"] for message in messages[1:]] == [5, 6, 7]
        assert code == 1000

    @pytest.mark.parametrize("last_seq", [7, 8, 2**31 - 1])
    async def test_last_seq_of_ended_job_closes_after_snapshot(self, server, wired, engine, last_seq):
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=5)
        messages, code = await listen(server, job_id, token=wired.token, last_seq=last_seq)
        assert [message["type"] for message in messages] == ["snapshot"]
        assert code == 1000

    async def test_replay_longer_than_queue_has_no_gap(self, server, wired, engine):
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=100)
        messages, code = await listen(server, job_id, token=wired.token)
        assert [message["seq"] for message in messages[1:]] == list(range(1, 103))
        assert code == 1000

    async def test_many_listeners_receive_the_same_messages(self, server, wired, engine, background):
        job_id = await wired.encrypt()
        listening = [asyncio.create_task(listen(server, job_id, token=wired.token)) for _ in range(5)]
        working = background(run(engine, job_id, reports=30))
        listening += [asyncio.create_task(listen(server, job_id, token=wired.token)) for _ in range(5)]
        await working
        listening += [asyncio.create_task(listen(server, job_id, token=wired.token)) for _ in range(5)]
        for messages, code in await asyncio.gather(*listening):
            assert [message["seq"] for message in messages[1:]] == list(range(1, 33))
            assert code == 1000

    @pytest.mark.parametrize("pause", [0, 0.01, 0.1, 1])
    async def test_listener_misses_nothing_whenever_it_connects(self, server, wired, engine, background, pause):
        for _ in range(3):
            job_id = await wired.encrypt()
            working = background(run(engine, job_id, reports=20))
            await asyncio.sleep(pause)
            messages, code = await listen(server, job_id, token=wired.token)
            await working
            assert [message["seq"] for message in messages[1:]] == list(range(1, 23))
            assert (messages[-1]["type"], code) == ("error", 1000)

    async def test_retried_job_continues_after_its_error(self, server, wired, engine):
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=1)
        messages, code = await listen(server, job_id, token=wired.token)
        assert ([message["type"] for message in messages[1:]], code) == (["progress", "progress", "error"], 1000)
        (await wired.http.post(f"/api/v1/jobs/{job_id}/retry")).raise_for_status()
        async with socket(server, job_id, token=wired.token, last_seq=1) as opened:
            assert json.loads(await opened.recv())["payload"]["status"] == "pending"
            received = [json.loads(await opened.recv()) for _ in range(3)]
            await engine.complete_encrypt(job_id)
            last, code = await rest(opened)
        assert [(message["seq"], message["type"]) for message in received] == [
            (2, "progress"),
            (3, "error"),
            (4, "progress"),
        ]
        assert received[-1]["payload"] == {"progress": 0, "stage": "queued"}
        assert ([(message["seq"], message["type"]) for message in last], code) == ([(5, "completed")], 1000)

    async def test_polling_finds_events_without_notification(self, gateway_settings, wired, engine):
        with serving(gateway_settings(redis_url="redis://127.0.0.1:1/0")) as without_redis:
            job_id = await wired.encrypt()
            async with socket(without_redis, job_id, token=wired.token) as opened:
                assert [json.loads(await opened.recv())["seq"] for _ in range(2)] == [1, 1]
                await engine.complete_encrypt(job_id)
                messages, code = await rest(opened)
        assert ([message["type"] for message in messages], code) == (["completed"], 1000)


class TestRefusedHandshakes:
    async def test_without_or_with_a_bad_token_is_401(self, server, wired):
        job_id = await wired.encrypt()
        assert await refusal(server, job_id) == (401, "unauthenticated")
        assert await refusal(server, job_id, token="nonsense") == (401, "unauthenticated")

    async def test_expired_token_is_401_token_expired(self, server, wired):
        expired = AccessTokens(server.services.identity.signing_keys, seconds=-5).issue(
            wired.account_id, wired.session_id
        )
        assert await refusal(server, await wired.encrypt(), token=expired) == (401, "token-expired")

    async def test_token_of_ended_session_is_401(self, server, wired):
        job_id = await wired.encrypt()
        await end_session(wired)
        assert await refusal(server, job_id, token=wired.token) == (401, "unauthenticated")

    async def test_a_cookie_is_no_credential(self, server, wired):
        cookies = "; ".join(f"{name}={wired.token}" for name in ("access_token", "Authorization", "refresh", "ticket"))
        assert await refusal(server, await wired.encrypt(), headers={"Cookie": cookies}) == (401, "unauthenticated")

    async def test_too_many_sockets_are_503(self, server, wired, monkeypatch):
        monkeypatch.setattr(streams, "STREAMS_AT_ONCE", 0)
        assert await refusal(server, await wired.encrypt(), token=wired.token) == (503, "overloaded")

    async def test_a_token_in_the_query_is_no_credential(self, server, wired):
        job_id = await wired.encrypt()
        assert await refusal(server, f"{job_id}?access_token={wired.token}") == (401, "unauthenticated")

    async def test_unknown_and_foreign_jobs_are_404(self, server, wired, bob):
        assert await refusal(server, UNKNOWN, token=wired.token) == (404, "not-found")
        assert await refusal(server, await bob.encrypt(), token=wired.token) == (404, "not-found")

    async def test_another_address_is_404(self, server, wired):
        assert await refusal(server, "x", token=wired.token, path="/ws/nothing") == (404, "not-found")

    @pytest.mark.parametrize("last_seq", ["-1", "x", str(2**31), "1.5", "9" * 30])
    async def test_invalid_number_is_422(self, server, wired, last_seq):
        job_id = await wired.encrypt()
        assert await refusal(server, job_id, token=wired.token, last_seq=last_seq) == (422, "validation-failed")

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://console.example"])
    async def test_a_page_of_another_origin_is_403(self, server, wired, origin):
        job_id = await wired.encrypt()
        assert await refusal(server, job_id, token=wired.token, origin=origin) == (403, "insufficient-scope")

    async def test_page_of_listed_origin_is_accepted(self, server, wired):
        async with socket(server, await wired.encrypt(), token=wired.token, origin="https://console.example") as opened:
            assert json.loads(await opened.recv())["type"] == "snapshot"

    async def test_a_request_that_is_no_handshake_is_404(self, wired):
        response = await wired.http.get(f"/ws/progress/{UNKNOWN}")
        assert (response.status_code, response.json()["code"]) == (404, "not-found")


class TestEndings:
    async def test_when_the_token_expires_it_closes_4401(self, server, wired):
        short = AccessTokens(server.services.identity.signing_keys, seconds=2).issue(wired.account_id, wired.session_id)
        began = time.monotonic()
        _, code = await listen(server, await wired.encrypt(), token=short)
        assert code == 4401
        assert time.monotonic() - began < 5

    async def test_after_its_lifetime_it_closes_4401(self, server, wired, monkeypatch):
        monkeypatch.setattr(streams, "LIFETIME_SECONDS", 0.1)
        _, code = await listen(server, await wired.encrypt(), token=wired.token)
        assert code == 4401

    async def test_ended_session_closes_its_socket_alone(self, gateway, server, wired, engine):
        """It closes at once, with 4401; the socket of another login of the account stays open."""
        job_id = await wired.encrypt()
        login = {"grant_type": "password", "username": wired.email, "password": PASSWORD}
        other = (await wired.http.post("/api/v1/auth/token", data=login)).raise_for_status().json()["access_token"]
        async with (
            socket(server, job_id, token=wired.token) as revoked,
            socket(server, job_id, token=other) as kept,
        ):
            for opened in (revoked, revoked, kept, kept):
                await opened.recv()
            await end_session(wired)
            assert await rest(revoked) == ([], 4401)
            await engine.fail(job_id)
            assert (await rest(kept))[1] == 1000

    async def test_when_the_account_ends_it_closes_4401(self, gateway, server, wired):
        async with socket(server, await wired.encrypt(), token=wired.token) as opened:
            await opened.recv()
            async with gateway.services.resources.database.transaction() as session:
                gateway.services.identity.revocations.revoke(session, wired.account_id)
            assert (await rest(opened))[1] == 4401

    async def test_polling_finds_an_unannounced_session_end(self, gateway, gateway_settings, wired, monkeypatch):
        monkeypatch.setattr(streams, "LOOK_SECONDS", 0.2)
        with serving(gateway_settings(redis_url="redis://127.0.0.1:1/0")) as without_redis:
            async with socket(without_redis, await wired.encrypt(), token=wired.token) as opened:
                await opened.recv()
                await end_session(wired)
                assert (await rest(opened))[1] == 4401

    async def test_slow_listener_is_closed_with_1013(self, server, wired, engine, monkeypatch):
        """What it received has no gap; when it reconnects, it receives the rest."""
        held, sent = threading.Event(), progress._send

        async def send(socket, message):
            if message["seq"] == 2:
                await asyncio.to_thread(held.wait, 30)
            await sent(socket, message)

        monkeypatch.setattr(progress, "_send", send)
        job_id = await wired.encrypt()
        async with socket(server, job_id, token=wired.token) as opened:
            assert [json.loads(await opened.recv())["seq"] for _ in range(2)] == [1, 1]
            [listener] = server.services.resources.bus._listeners[ids.from_wire("job", job_id)]
            claim = await engine.take(job_id)
            await engine.claims.report(claim, [("encrypting", number % 100) for number in range(80)])
            await eventually(lambda: listener.overflowed)
            held.set()
            received, code = await rest(opened)
        seen = [message["seq"] for message in received]
        assert code == 1013
        assert seen == list(range(2, seen[-1] + 1)), "the received messages have no gap"
        messages = asyncio.create_task(listen(server, job_id, token=wired.token, last_seq=seen[-1]))
        await engine.claims.fail(claim, code="image-corrupt", title="The image is damaged")
        assert [message["seq"] for message in (await messages)[0][1:]] == list(range(seen[-1] + 1, 83))

    async def test_a_database_that_fails_meanwhile_closes_1013(self, server, wired, monkeypatch):
        from backplane.errors import Unavailable

        async def fail(*_arguments):
            raise Unavailable

        monkeypatch.setattr(server.services.jobs.progress, "_read", fail)
        _, code = await listen(server, await wired.encrypt(), token=wired.token)
        assert code == 1013

    async def test_unexpected_error_closes_1011_without_details(self, server, wired, monkeypatch):
        async def fail(*_arguments):
            raise RuntimeError("canary")

        monkeypatch.setattr(server.services.jobs.progress, "_read", fail)
        with structlog.testing.capture_logs() as lines:
            messages, code = await listen(server, await wired.encrypt(), token=wired.token)
        assert code == 1011
        assert "canary" not in str(messages)
        assert "progress.failed" in [line["event"] for line in lines]

    async def test_listener_that_never_reads_is_disconnected(self, gateway, server, wired, monkeypatch):
        monkeypatch.setattr(progress, "SEND_SECONDS", 0.3)
        job_id = await wired.encrypt()
        values = {"job": ids.from_wire("job", job_id), "many": 10_000}
        async with gateway.services.resources.database.transaction() as session:
            await session.execute(text(MANY_EVENTS), values)
            await session.execute(text("UPDATE jobs SET event_seq = :many WHERE id = :job"), values)
        listeners = server.services.resources.bus._listeners
        narrow = narrow_connection(server)
        async with socket(
            server, job_id, token=wired.token, max_queue=1, compression=None, sock=narrow, close_timeout=1
        ):
            await eventually(lambda: listeners)
            await eventually(lambda: not listeners)

    async def test_a_listener_that_goes_away_is_forgotten(self, server, wired):
        listeners = server.services.resources.bus._listeners
        async with socket(server, await wired.encrypt(), token=wired.token) as opened:
            await opened.recv()
            assert listeners
        await eventually(lambda: not listeners)

    async def test_messages_from_a_listener_are_ignored(self, server, wired, engine):
        job_id = await wired.encrypt()
        async with socket(server, job_id, token=wired.token) as opened:
            await opened.recv()
            for _ in range(50):
                await opened.send("hello")
            await engine.fail(job_id)
            messages = [json.loads(await opened.recv()) for _ in range(2)]
        assert [message["seq"] for message in messages] == [1, 2]

    async def test_stopping_server_closes_1012_without_delay(self, gateway_settings, wired):
        with serving(gateway_settings()) as gateway:
            async with socket(gateway, await wired.encrypt(), token=wired.token) as opened:
                assert [json.loads(await opened.recv())["seq"] for _ in range(2)] == [1, 1]
                began = time.monotonic()
                gateway.stop()
                with pytest.raises(ConnectionClosed) as closed:
                    await asyncio.wait_for(opened.recv(), 20)
        assert closed.value.rcvd.code == 1012
        assert time.monotonic() - began < 4


class TestConnections:
    async def test_no_listener_holds_a_database_connection(self, gateway_settings, wired):
        """With a pool of one connection, thirty listeners leave it to others."""
        with serving(gateway_settings(database_pool_size=1)) as gateway:
            job_id = await wired.encrypt()
            sockets = [await socket(gateway, job_id, token=wired.token) for _ in range(30)]
            for opened in sockets:
                await opened.recv()
            async with gateway.client(Authorization=f"Bearer {wired.token}") as client:
                began = time.monotonic()
                assert (await client.get("/api/v1/jobs")).status_code == 200
                assert time.monotonic() - began < 2
            await asyncio.gather(*(opened.close() for opened in sockets))
