"""A proxy in front of the object store that fails on request: `uvicorn tests.faults.store_proxy:app`.

STORE_UPSTREAM is the real store; STORE_FAULT names a file that says what to do with each request. Without the file the
proxy forwards everything. The file is JSON: `act` is one of

status      answer `status` without asking the store
hang        take the request and never answer it
slow        wait `pause` seconds first
truncate    of a download send a part and hang up; of an upload pass on a part, break off, and answer 500

`methods` limits it to some methods, `share` to that share of the requests, `keys` to keys that contain the text.
"""

import asyncio
import json
import os
import random
from pathlib import Path
from typing import Any

import httpx
from starlette.types import Receive, Scope, Send

HOP_BY_HOP = {b"connection", b"keep-alive", b"transfer-encoding", b"te", b"trailer", b"upgrade", b"expect"}
PART = 0.5
NEVER_SECONDS = 3600.0
ERROR_BODY = b'<?xml version="1.0"?><Error><Code>InjectedFault</Code><Message>injected</Message></Error>'

client = httpx.AsyncClient(
    timeout=None,  # noqa: S113 -- its caller has a timeout
    trust_env=False,
    limits=httpx.Limits(max_connections=100),
)


class Dropped(Exception):
    """The connection must be broken."""


def fault_of(scope: Scope) -> dict[str, Any]:
    """Return what happens to this request; empty means nothing."""
    try:
        fault: dict[str, Any] = json.loads(Path(os.environ["STORE_FAULT"]).read_text())
    except FileNotFoundError:
        return {}
    hit = (
        scope["method"] in fault.get("methods", [scope["method"]])
        and fault.get("keys", "") in scope["path"]
        and random.random() < fault.get("share", 1.0)
    )
    return fault if hit else {}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    fault = fault_of(scope)
    body = b"".join([piece async for piece in read(receive)])
    act = fault.get("act")
    if act == "status":
        await answer(send, fault["status"], ERROR_BODY)
        return
    if act == "hang":
        await asyncio.sleep(NEVER_SECONDS)
    if act == "slow":
        await asyncio.sleep(fault["pause"])
    await pass_on(scope, body, send, truncated=act == "truncate")


async def read(receive: Receive):
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Dropped
        yield message.get("body", b"")
        if not message.get("more_body"):
            return


async def pass_on(scope: Scope, body: bytes, send: Send, *, truncated: bool) -> None:
    raw = scope.get("raw_path") or scope["path"].encode()
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    url = os.environ["STORE_UPSTREAM"] + (raw + query).decode("ascii")
    # The caller's signature covers the host, so it stays unchanged.
    headers = [(name, value) for name, value in scope["headers"] if name not in HOP_BY_HOP]
    content = part(body) if truncated and body else body
    try:
        got = await client.request(scope["method"], url, headers=headers, content=content)
    except httpx.HTTPError:
        await answer(send, 500 if truncated else 502, ERROR_BODY)
        return
    kept = [(name, value) for name, value in got.headers.raw if name.lower() not in HOP_BY_HOP]
    await send({"type": "http.response.start", "status": got.status_code, "headers": kept})
    if truncated and got.content:
        await send(
            {"type": "http.response.body", "body": got.content[: int(len(got.content) * PART)], "more_body": True}
        )
        raise Dropped
    await send({"type": "http.response.body", "body": got.content})


async def part(body: bytes):
    """Yield less than the announced length: the store sees an upload that breaks off."""
    yield body[: int(len(body) * PART)]
    raise httpx.WriteError("broken off")


async def answer(send: Send, status: int, body: bytes) -> None:
    headers = [(b"content-type", b"application/xml"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
