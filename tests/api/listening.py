"""Clients of sockets and of event streams, for tests."""

import asyncio
import json
import socket as sockets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus


def socket(gateway, job_id, *, token=None, ticket=None, last_seq=None, path="/ws/progress", headers=None, **options):
    url = gateway.base_url.replace("http", "ws", 1) + f"{path}/{job_id}"
    headers = dict(headers or {}) | ({} if token is None else {"Authorization": f"Bearer {token}"})
    given = {"last_seq": last_seq, "ticket": ticket}
    query = "&".join(f"{name}={value}" for name, value in given.items() if value is not None)
    address = f"{url}?{query}" if query else url
    return connect(address, additional_headers=headers, proxy=None, open_timeout=20, **options)


def narrow_connection(gateway):
    """Open a connection with a receive buffer that is next to nothing."""
    host, port = gateway.base_url.removeprefix("http://").split(":")
    narrow = sockets.socket()
    narrow.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 4096)
    narrow.connect((host, int(port)))
    return narrow


async def listen(gateway, job_id, **options):
    """Receive to the end; return the messages and the close code."""
    async with socket(gateway, job_id, **options) as opened:
        return await rest(opened)


async def rest(opened):
    messages = []
    try:
        async with asyncio.timeout(20):
            while True:
                messages.append(json.loads(await opened.recv()))
    except ConnectionClosed as closed:
        return messages, closed.rcvd.code if closed.rcvd else None


async def end_session(user):
    """Use a refresh token twice, as a thief would: every session of its login ends."""
    form = {"grant_type": "refresh_token", "refresh_token": user.refresh_token}
    assert (await user.http.post("/api/v1/auth/token", data=form)).status_code == 200
    assert (await user.http.post("/api/v1/auth/token", data=form)).status_code == 400


async def refusal(gateway, job_id, **options):
    with pytest.raises(InvalidStatus) as refused:
        async with socket(gateway, job_id, **options):
            pass
    response = refused.value.response
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["X-Request-ID"] == json.loads(response.body)["request_id"]
    return response.status_code, json.loads(response.body)["code"]


@dataclass
class ServerSentEvent:
    """One event; `retry` and comments count as events of their own."""

    type: str | None = None
    id: str | None = None
    data: dict | None = None
    comment: str | None = None
    retry: int | None = None


@asynccontextmanager
async def events(user, job_id, *, seq=None, **headers) -> AsyncIterator[AsyncIterator[ServerSentEvent]]:
    """Open an event stream and yield its events."""
    query = {} if seq is None else {"last_seq": seq}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    address = f"/api/v1/jobs/{job_id}/events"
    async with user.http.stream("GET", address, params=query, headers=named, timeout=20) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["Content-Type"] == "text/event-stream"
        yield parse(response)


async def parse(response: httpx.Response) -> AsyncIterator[ServerSentEvent]:
    event = ServerSentEvent()
    async for line in response.aiter_lines():
        name, _, value = line.partition(": ")
        match name:
            case "":
                if line:
                    event.comment = value
                else:
                    yield event
                    event = ServerSentEvent()
            case "event":
                event.type = value
            case "id":
                event.id = value
            case "data":
                event.data = json.loads(value)
            case "retry":
                event.retry = int(value)
            case _:
                raise AssertionError(line)


async def all_events(user, job_id, **options):
    async with events(user, job_id, **options) as stream:
        return [event async for event in stream]
