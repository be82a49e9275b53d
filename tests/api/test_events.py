"""The progress of a job as server-sent events."""

import asyncio
import json
import time

import httpx
import pytest
from sqlalchemy import text

from api.live import streams
from api.routes import events as route
from backplane import ids
from backplane.services.identity.access_tokens import AccessTokens
from tests.api.conftest import eventually, serving
from tests.api.listening import ServerSentEvent, all_events, end_session, events, listen, narrow_connection
from tests.api.processes import environment_of, process
from tests.api.test_progress import MANY_EVENTS, UNKNOWN, run

pytestmark = [pytest.mark.anyio, pytest.mark.stack]


def listened_to(gateway, job_id):
    return ids.from_wire("job", job_id) in gateway.services.resources.bus.listened_to


class TestMessages:
    async def test_snapshot_then_every_event(self, wired, engine):
        job_id = await wired.encrypt()
        async with events(wired, job_id) as stream:
            assert await anext(stream) == ServerSentEvent(
                type="snapshot",
                id="0",
                data={
                    "type": "snapshot",
                    "job_id": job_id,
                    "seq": 1,
                    "payload": {
                        "status": "pending",
                        "progress": 0,
                        "stage": "queued",
                        "result_url": None,
                        "error": None,
                    },
                },
            )
            assert (await anext(stream)).id == "1"
            claim = await engine.take(job_id)
            await engine.claims.report(claim, [("encrypting", 45)])
            received = await anext(stream)
            await engine.claims.fail(claim, code="image-corrupt", title="The image is damaged")
            last = [event async for event in stream]
        assert (received.type, received.id, received.data["payload"]) == (
            "progress",
            "2",
            {"progress": 45, "stage": "encrypting"},
        )
        assert [(event.type, event.id) for event in last] == [("error", "3")]

    async def test_events_equal_the_messages_of_the_socket(self, server, wired, engine):
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=3)
        messages, _ = await listen(server, job_id, token=wired.token)
        received = await all_events(wired, job_id)
        assert [event.data for event in received] == messages
        assert [event.type for event in received] == [message["type"] for message in messages]

    async def test_answer_is_not_stored_or_buffered(self, wired):
        async with wired.http.stream("GET", f"/api/v1/jobs/{await wired.encrypt()}/events") as response:
            assert response.headers["Cache-Control"] == "no-store"
            assert response.headers["X-Accel-Buffering"] == "no"
            assert "content-length" not in response.headers
            assert response.headers["X-Request-ID"]


class TestReconnecting:
    @pytest.mark.parametrize("how", [{"Last_Event_ID": "4"}, {"seq": 4}, {"seq": 1, "Last_Event_ID": "4"}])
    async def test_only_missed_events_follow_the_snapshot(self, wired, engine, how):
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=5)
        received = await all_events(wired, job_id, **how)
        assert [(event.type, event.id) for event in received[:2]] == [("snapshot", "4"), ("progress", "5")]
        assert [event.id for event in received] == ["4", "5", "6", "7"]

    async def test_snapshot_id_resumes_without_a_gap(self, wired, engine):
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=5)
        async with events(wired, job_id) as stream:
            state = await anext(stream)
        received = await all_events(wired, job_id, Last_Event_ID=state.id)
        assert [event.id for event in received[1:]] == [str(seq) for seq in range(1, 8)]

    @pytest.mark.parametrize("last", ["7", "8", str(2**31 - 1)])
    async def test_last_id_of_ended_job_is_204(self, wired, engine, last):
        """With 204 a browser does not reconnect."""
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=5)
        response = await wired.http.get(f"/api/v1/jobs/{job_id}/events", headers={"Last-Event-ID": last})
        assert (response.status_code, response.content) == (204, b"")

    async def test_last_seq_of_ended_job_sends_the_snapshot(self, wired, engine):
        """Only `Last-Event-ID` marks a reconnection; `last_seq` in the query does not."""
        job_id = await wired.encrypt()
        await run(engine, job_id, reports=5)
        assert [(event.type, event.id) for event in await all_events(wired, job_id, seq=7)] == [("snapshot", "7")]

    async def test_last_id_of_running_job_goes_on(self, wired, engine):
        job_id = await wired.encrypt()
        async with events(wired, job_id, Last_Event_ID="1") as stream:
            assert (await anext(stream)).type == "snapshot"
            await engine.fail(job_id)
            assert [event.type async for event in stream] == ["error"]


class TestRefusals:
    async def test_without_a_token_401_of_another_account_404(self, wired, bob, client):
        job_id = await bob.encrypt()
        assert (await client.get(f"/api/v1/jobs/{job_id}/events")).status_code == 401
        for subject in (job_id, UNKNOWN, "nonsense", "bat_" + "0" * 32):
            assert (await wired.http.get(f"/api/v1/jobs/{subject}/events")).status_code == 404

    async def test_a_session_that_has_ended_is_401(self, wired):
        job_id = await wired.encrypt()
        await end_session(wired)
        assert (await wired.http.get(f"/api/v1/jobs/{job_id}/events")).status_code == 401

    @pytest.mark.parametrize("last", ["-1", "x", str(2**31), "1.5"])
    async def test_invalid_number_is_422(self, wired, last):
        address = f"/api/v1/jobs/{await wired.encrypt()}/events"
        assert (await wired.http.get(address, headers={"Last-Event-ID": last})).status_code == 422
        assert (await wired.http.get(address, params={"last_seq": last})).status_code == 422

    async def test_too_many_streams_are_503(self, server, wired, monkeypatch):
        monkeypatch.setattr(streams, "STREAMS_AT_ONCE", 0)
        job_id = await wired.encrypt()
        response = await wired.http.get(f"/api/v1/jobs/{job_id}/events")
        assert (response.status_code, response.json()["code"]) == (503, "overloaded")
        assert not listened_to(server, job_id)


class TestEndings:
    async def test_silence_is_broken_by_a_comment(self, wired, monkeypatch):
        monkeypatch.setattr(route, "BEAT_SECONDS", 0.05)
        async with events(wired, await wired.encrypt()) as stream:
            assert [(await anext(stream)).type for _ in range(2)] == ["snapshot", "progress"]
            assert await anext(stream) == ServerSentEvent(comment="nothing new")
            assert await anext(stream) == ServerSentEvent(comment="nothing new")

    async def test_end_of_lifetime_gives_a_retry_time(self, wired, monkeypatch):
        monkeypatch.setattr(streams, "LIFETIME_SECONDS", 0.1)
        received = await all_events(wired, await wired.encrypt())
        assert [event.type for event in received] == ["snapshot", "progress", None]
        assert "an hour is over" in received[-1].comment
        assert 1000 <= received[-1].retry <= 5000

    async def test_when_the_token_expires_it_ends(self, server, wired):
        short = AccessTokens(server.services.identity.signing_keys, seconds=2).issue(wired.account_id, wired.session_id)
        received = await all_events(wired, await wired.encrypt(), Authorization=f"Bearer {short}")
        assert "expired" in received[-1].comment

    async def test_when_the_session_ends_it_ends(self, server, wired):
        job_id = await wired.encrypt()
        listening = asyncio.create_task(all_events(wired, job_id))
        await eventually(lambda: listened_to(server, job_id))
        await end_session(wired)
        assert "session has ended" in (await listening)[-1].comment

    async def test_stopping_gateway_gives_a_retry_time(self, gateway_settings, wired, tmp_path):
        job_id = await wired.encrypt()
        async with process(environment_of(gateway_settings()), tmp_path / "log") as gateway:
            wired.http.base_url = gateway.url
            async with events(wired, job_id) as stream:
                await anext(stream)
                gateway.running.terminate()
                received = [event async for event in stream]
            await gateway.end()
        assert "stops" in received[-1].comment
        assert received[-1].retry is not None

    async def test_client_that_never_reads_is_disconnected(self, gateway, server, wired, monkeypatch):
        monkeypatch.setattr(route, "SEND_SECONDS", 0.3)
        job_id = await wired.encrypt()
        values = {"job": ids.from_wire("job", job_id), "many": 10_000}
        async with gateway.services.resources.database.transaction() as session:
            await session.execute(text(MANY_EVENTS), values)
            await session.execute(text("UPDATE jobs SET event_seq = :many WHERE id = :job"), values)
        narrow = narrow_connection(server)
        request = f"GET /api/v1/jobs/{job_id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {wired.token}\r\n\r\n"
        narrow.sendall(request.encode())
        await eventually(lambda: listened_to(server, job_id))
        await eventually(lambda: not listened_to(server, job_id))
        narrow.close()

    async def test_a_listener_that_goes_away_is_forgotten(self, server, wired):
        job_id = await wired.encrypt()
        async with events(wired, job_id) as stream:
            await anext(stream)
            assert listened_to(server, job_id)
        await eventually(lambda: not listened_to(server, job_id))

    async def test_failing_database_ends_it_with_a_comment(self, server, wired, monkeypatch):
        from backplane.errors import Unavailable

        async def fail(*_arguments):
            raise Unavailable

        monkeypatch.setattr(server.services.jobs.progress, "_read", fail)
        received = await all_events(wired, await wired.encrypt())
        assert received[-1].comment == "try again with last_seq"
        assert received[-1].retry is not None


class TestConnections:
    async def test_no_stream_holds_a_database_connection(self, gateway_settings, wired):
        """With a pool of one connection, thirty streams leave it to others."""
        with serving(gateway_settings(database_pool_size=1)) as gateway:
            job_id = await wired.encrypt()
            limits = httpx.Limits(max_connections=None)
            headers = {"Authorization": f"Bearer {wired.token}"}
            async with httpx.AsyncClient(
                base_url=gateway.base_url, headers=headers, trust_env=False, limits=limits
            ) as client:
                opened = [
                    await client.send(client.build_request("GET", f"/api/v1/jobs/{job_id}/events"), stream=True)
                    for _ in range(30)
                ]
                for response in opened:
                    assert json.loads((await anext(response.aiter_text())).split("data: ")[1])["type"] == "snapshot"
                began = time.monotonic()
                assert (await client.get("/api/v1/jobs")).status_code == 200
                assert time.monotonic() - began < 2
                for response in opened:
                    await response.aclose()
