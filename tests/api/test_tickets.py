"""Tickets: with one, a page of a listed origin opens one progress socket."""

import asyncio
import json
from datetime import UTC, datetime, timedelta

import pytest
import redis.asyncio

from backplane import ids
from tests.api.conftest import eventually, opened, serving
from tests.api.listening import end_session, listen, refusal
from tests.api.processes import environment_of, process

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

PAGE = "https://console.example"
UNKNOWN = "job_" + "0" * 32
NOWHERE = "redis://127.0.0.1:1/0"


async def ask(user, origin=PAGE, **wanted):
    headers = {} if origin is None else {"Origin": origin}
    return await user.http.post("/api/v1/ws-tickets", json=wanted, headers=headers)


async def ticket_to(user, job_id):
    return (await ask(user, job_id=job_id)).raise_for_status().json()["ticket"]


@pytest.fixture
async def kept(gateway_settings):
    """Redis itself."""
    async with redis.asyncio.Redis.from_url(gateway_settings().redis_url.get_secret_value()) as client:
        yield client


class TestIssue:
    async def test_ticket_has_32_bytes_and_30_seconds(self, wired):
        response = await ask(wired, job_id=await wired.encrypt())
        assert response.status_code == 201
        assert set(response.json()) == {"ticket", "expires_at"}
        assert len(response.json()["ticket"]) == 43
        left = datetime.fromisoformat(response.json()["expires_at"]) - datetime.now(UTC)
        assert timedelta(seconds=20) < left <= timedelta(seconds=30)
        assert response.headers["Cache-Control"] == "no-store"

    async def test_redis_holds_its_digest_for_30_seconds(self, wired, kept):
        """Redis never holds the ticket itself."""
        before = set(await kept.keys("imageshield:ticket:*"))
        job_id = await wired.encrypt()
        ticket = await ticket_to(wired, job_id)
        [name] = set(await kept.keys("imageshield:ticket:*")) - before
        value = json.loads(await kept.get(name))
        assert ticket not in name.decode()
        assert ticket not in str(value)
        assert (value["account"], value["subject"], value["origin"]) == (wired.account_id.hex, job_id, PAGE)
        assert 20 < await kept.ttl(name) <= 30

    @pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "http://console.example"])
    async def test_only_pages_of_listed_origins_get_one(self, wired, origin):
        response = await ask(wired, origin=origin, job_id=await wired.encrypt())
        assert (response.status_code, response.json()["code"]) == (403, "insufficient-scope")

    async def test_only_the_owner_gets_one(self, wired, bob):
        for subject in (UNKNOWN, await bob.encrypt(), "nonsense", "key_" + "0" * 32):
            response = await ask(wired, job_id=subject)
            assert (response.status_code, response.json()["code"]) == (404, "not-found")
        assert (await ask(wired, batch_id="bat_" + "0" * 32)).status_code == 404
        assert (await ask(wired, batch_id=await wired.encrypt())).status_code == 404

    async def test_missing_token_is_refused(self, wired, client):
        response = await client.post("/api/v1/ws-tickets", json={"job_id": UNKNOWN}, headers={"Origin": PAGE})
        assert response.status_code == 401

    async def test_ended_session_is_refused(self, wired):
        job_id = await wired.encrypt()
        await end_session(wired)
        assert (await ask(wired, job_id=job_id)).status_code == 401

    @pytest.mark.parametrize("wanted", [{}, {"job_id": UNKNOWN, "batch_id": UNKNOWN}, {"job_id": UNKNOWN, "more": 1}])
    async def test_it_is_for_one_thing_exactly(self, wired, wanted):
        response = await ask(wired, **wanted)
        assert (response.status_code, response.json()["code"]) == (422, "validation-failed")

    async def test_missing_redis_is_503(self, gateway_settings, wired):
        async with (
            opened(gateway_settings(redis_url=NOWHERE, allowed_origins=PAGE)) as without_redis,
            without_redis.client(Authorization=f"Bearer {wired.token}", Origin=PAGE) as client,
        ):
            response = await client.post("/api/v1/ws-tickets", json={"job_id": await wired.encrypt()})
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert "Retry-After" in response.headers


class TestSpend:
    async def test_it_opens_one_socket(self, server, wired, engine):
        job_id = await wired.encrypt()
        await engine.fail(job_id)
        ticket = await ticket_to(wired, job_id)
        messages, code = await listen(server, job_id, ticket=ticket, origin=PAGE)
        assert ([message["type"] for message in messages], code) == (["snapshot", "progress", "error"], 1000)
        again = await ticket_to(wired, job_id)
        messages, _ = await listen(server, job_id, ticket=again, last_seq=1, origin=PAGE)
        assert [message["seq"] for message in messages] == [2, 2]

    async def test_the_second_use_is_403(self, server, wired, engine):
        job_id = await wired.encrypt()
        await engine.fail(job_id)
        ticket = await ticket_to(wired, job_id)
        await listen(server, job_id, ticket=ticket, origin=PAGE)
        assert await refusal(server, job_id, ticket=ticket, origin=PAGE) == (403, "insufficient-scope")

    async def test_concurrent_uses_open_one_socket(self, server, wired, engine):
        job_id = await wired.encrypt()
        await engine.fail(job_id)
        ticket = await ticket_to(wired, job_id)
        uses = (listen(server, job_id, ticket=ticket, origin=PAGE) for _ in range(8))
        results = await asyncio.gather(*uses, return_exceptions=True)
        assert (
            sorted(getattr(getattr(one, "response", None), "status_code", 101) for one in results) == [101] + [403] * 7
        )

    @pytest.mark.parametrize("origin", [None, "https://evil.example", "null", "http://console.example"])
    async def test_from_another_origin_it_is_403_and_spent(self, server, wired, origin):
        job_id = await wired.encrypt()
        ticket = await ticket_to(wired, job_id)
        assert await refusal(server, job_id, ticket=ticket, origin=origin) == (403, "insufficient-scope")
        assert await refusal(server, job_id, ticket=ticket, origin=PAGE) == (403, "insufficient-scope")

    async def test_for_another_job_it_is_403_and_spent(self, server, wired):
        job_id = await wired.encrypt()
        ticket = await ticket_to(wired, job_id)
        other = await wired.encrypt()
        assert await refusal(server, other, ticket=ticket, origin=PAGE) == (403, "insufficient-scope")
        assert await refusal(server, job_id, ticket=ticket, origin=PAGE) == (403, "insufficient-scope")

    @pytest.mark.parametrize("ticket", ["", "A" * 43, "*", "%00", "A&ticket=B"])
    async def test_invalid_ticket_is_403(self, server, wired, ticket):
        job_id = await wired.encrypt()
        assert await refusal(server, job_id, ticket=ticket, origin=PAGE) == (403, "insufficient-scope")

    async def test_one_that_is_too_old_is_403(self, server, wired, kept):
        job_id = await wired.encrypt()
        ticket = await ticket_to(wired, job_id)
        for name in await kept.keys("imageshield:ticket:*"):
            await kept.delete(name)
        assert await refusal(server, job_id, ticket=ticket, origin=PAGE) == (403, "insufficient-scope")

    async def test_a_header_does_not_help_a_bad_ticket(self, server, wired):
        job_id = await wired.encrypt()
        assert (await refusal(server, job_id, ticket="A" * 43, token=wired.token, origin=PAGE))[0] == 403

    async def test_the_owner_is_asked_for_again(self, server, wired, engine):
        job_id = await wired.encrypt()
        await engine.fail(job_id)
        ticket = await ticket_to(wired, job_id)
        assert (await wired.http.delete(f"/api/v1/jobs/{job_id}")).status_code == 204
        assert await refusal(server, job_id, ticket=ticket, origin=PAGE) == (404, "not-found")

    async def test_ticket_of_ended_session_is_401(self, server, wired):
        job_id = await wired.encrypt()
        ticket = await ticket_to(wired, job_id)
        await end_session(wired)
        assert await refusal(server, job_id, ticket=ticket, origin=PAGE) == (401, "unauthenticated")

    async def test_its_socket_ends_with_the_session_that_asked(self, server, wired):
        job_id = await wired.encrypt()
        listening = asyncio.create_task(listen(server, job_id, ticket=await ticket_to(wired, job_id), origin=PAGE))
        await eventually(lambda: ids.from_wire("job", job_id) in server.services.resources.bus.listened_to)
        await end_session(wired)
        assert (await listening)[1] == 4401

    async def test_without_redis_it_is_503(self, gateway_settings, wired):
        with serving(gateway_settings(redis_url=NOWHERE, allowed_origins=PAGE)) as without_redis:
            job_id = await wired.encrypt()
            assert await refusal(without_redis, job_id, ticket="A" * 43, origin=PAGE) == (503, "unavailable")

    async def test_an_event_stream_takes_none(self, wired, client):
        job_id = await wired.encrypt()
        query = {"ticket": await ticket_to(wired, job_id)}
        response = await client.get(f"/api/v1/jobs/{job_id}/events", params=query, headers={"Origin": PAGE})
        assert response.status_code == 401


class TestSecrecy:
    async def test_no_log_holds_a_ticket(self, gateway_settings, wired, engine, tmp_path):
        """Not even at DEBUG: valid tickets, invalid ones, and tickets sent to the wrong address."""
        settings = gateway_settings(allowed_origins=PAGE)
        job_id = await wired.encrypt()
        await engine.fail(job_id)
        async with process(environment_of(settings, LOG_LEVEL="DEBUG"), tmp_path / "log") as gateway:
            # A ticket is valid for 30 seconds, and on a busy machine a gateway takes longer to start.
            spent = [await ticket_to(wired, job_id), "canary" * 7]
            gateway.base_url = gateway.url
            messages, _ = await listen(gateway, job_id, ticket=spent[0], origin=PAGE)
            for ticket in spent:
                assert (await refusal(gateway, job_id, ticket=ticket, origin=PAGE))[0] == 403
                assert (await refusal(gateway, "x", ticket=ticket, path="/ws/nothing"))[0] == 404
                async with gateway.client() as client:
                    await client.get(f"/api/v1/jobs/{job_id}/events", params={"ticket": ticket})
            gateway.running.terminate()
            await gateway.end()
        text = (tmp_path / "log").read_text()
        assert messages[-1]["type"] == "error"
        assert "progress.closed" in text
        assert "ticket=" not in text
        assert not [ticket for ticket in spent if ticket in text]
