"""Stopping a gateway under load: real processes, real connections, and no reset."""

import asyncio
import json
import signal
import sys
import time
from collections import Counter

import httpx
import pytest

from tests.api.conftest import opened
from tests.api.processes import environment_of, process
from tests.support import pictures
from tests.support.stack import ROOT

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

HEAD = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.bmp"\r\n\r\n'
TAIL = b"\r\n--b--\r\n"


@pytest.fixture
async def running(gateway_settings, tmp_path):
    async with process(environment_of(gateway_settings()), tmp_path / "log") as gateway:
        yield gateway


class Line:
    """A connection to a gateway, written to and read from by hand."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @classmethod
    async def open(cls, gateway):
        return cls(*await asyncio.open_connection("127.0.0.1", gateway.port))

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def head(self):
        """Read the status, the length and the `Connection` header of the next answer."""
        lines = (await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)).decode().split("\r\n")
        headers = httpx.Headers([line.split(": ", 1) for line in lines[1:] if line])
        return int(lines[0].split()[1]), int(headers["Content-Length"]), headers.get("Connection")

    async def answer(self):
        status, length, connection = await self.head()
        return status, connection, await self.reader.readexactly(length)


def get(path, token=None):
    credential = f"Authorization: Bearer {token}\r\n" if token else ""
    return f"GET {path} HTTP/1.1\r\nHost: g\r\n{credential}\r\n".encode()


def post_picture(token, length):
    return (
        f"POST /api/v1/encrypt HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
    ).encode()


class TestOnSigterm:
    async def test_open_requests_finish_without_a_reset(self, running, ada, engine):
        form = HEAD + pictures.encode(pictures.make(400, 300), "BMP") + TAIL
        job_id = await ada.decrypt()
        await engine.complete_decrypt(job_id, bytes(20_000_000))
        upload, download, begun, idle, fresh = [await Line.open(running) for _ in range(5)]
        await upload.send(post_picture(ada.token, len(form)) + form[:100_000])
        await idle.send(get("/health"))
        assert (await idle.answer())[0] == 200
        await begun.send(b"GET /health HTTP/1.1\r\nHo")
        await download.send(get(f"/api/v1/jobs/{job_id}/result", ada.token))
        status, length, _ = await download.head()
        assert status == 200

        began = time.monotonic()
        running.running.send_signal(signal.SIGTERM)
        await asyncio.sleep(0.4)
        await idle.send(get("/ready"))
        status, connection, body = await idle.answer()
        assert (status, json.loads(body)["status"], connection) == (503, "down", "close")
        await begun.send(b"st: g\r\n\r\n")
        assert (await begun.answer())[:2] == (200, "close")
        await upload.send(form[100_000:])
        status, connection, body = await upload.answer()
        assert (status, connection) == (202, "close")
        assert (await ada.job(json.loads(body)["job_id"]))["status"] == "pending"
        with pytest.raises(ConnectionRefusedError):
            await Line.open(running)
        assert len(await download.reader.readexactly(length)) == 20_000_000
        for line in (idle, begun, upload, download, fresh):
            assert await asyncio.wait_for(line.reader.read(), 20) == b""
            line.writer.close()
        assert await running.end() in {0, -signal.SIGTERM}
        assert time.monotonic() - began < 15

    async def test_hanging_thread_ends_with_the_process(self):
        """The last resort: 24 seconds after the signal the process ends, and its threads with it."""
        code = "import time\nfrom api.serving.server import ends_at_last\nwith ends_at_last(0.2):\n    time.sleep(60)\n"
        ended = await asyncio.create_subprocess_exec(sys.executable, "-c", code, cwd=ROOT)
        assert await asyncio.wait_for(ended.wait(), 20) == 1


class TestLateBodies:
    async def test_are_refused_with_a_retry_time(self, gateway_settings, monkeypatch):
        monkeypatch.setattr("api.serving.draining.STOP_SECONDS", 2.2)
        async with opened(gateway_settings()) as gateway:
            user = await gateway.user()
            draining = gateway.app.state.draining

            async def slow():
                yield HEAD
                draining.begin()
                await asyncio.Event().wait()

            headers = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": "100000"}
            async with user.http:
                cut = await user.http.post("/api/v1/encrypt", content=slow(), headers=headers)
                late = await user.http.post("/api/v1/encrypt", content=HEAD + TAIL, headers=headers)
        for answer in (cut, late):
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
            assert answer.headers["Connection"] == "close"
            assert int(answer.headers["Retry-After"]) == 1


class TestReplacement:
    async def test_clients_that_follow_ready_lose_no_request(self, gateway_settings, ada, tmp_path):
        environment = environment_of(gateway_settings(), DRAIN_SECONDS="3")
        async with (
            process(environment, tmp_path / "old") as old,
            process(environment, tmp_path / "new") as new,
            old.client(Authorization=f"Bearer {ada.token}") as to_old,
            new.client(Authorization=f"Bearer {ada.token}") as to_new,
        ):
            ready, served, failed = {to_old, to_new}, Counter(), []

            async def look():
                while to_old in ready:
                    if (await to_old.get("/ready")).status_code != 200:
                        ready.discard(to_old)
                    await asyncio.sleep(0.2)

            async def call(number):
                while old.running.returncode is None:
                    client = sorted(ready, key=id)[number % len(ready)]
                    try:
                        answer = await client.get("/api/v1/jobs")
                    except httpx.TransportError as error:
                        failed.append(error)
                    else:
                        served[client, answer.status_code] += 1

            callers = [asyncio.create_task(call(number)) for number in range(8)]
            watching = asyncio.create_task(look())
            await asyncio.sleep(0.5)
            old.running.send_signal(signal.SIGTERM)
            await asyncio.gather(*callers, watching)
        assert failed == []
        assert set(served) == {(to_old, 200), (to_new, 200)}
