"""Limits of connections, on real ones: slow, large and broken heads, and clients that do not read."""

import asyncio
import json
import socket
import time
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY

from api.serving import connections
from api.serving.server import configure
from backplane.settings import Settings
from tests.api.conftest import eventually, serving

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

GET = b"GET /health HTTP/1.1\r\nHost: gateway\r\n"
POST = b"POST /api/v1/auth/token HTTP/1.1\r\nHost: gateway\r\nContent-Type: application/x-www-form-urlencoded\r\n"


@pytest.fixture
async def connect():
    writers = []

    async def open_one(gateway):
        host, port = gateway.base_url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writers.append(writer)
        return reader, writer

    yield open_one
    for writer in writers:
        writer.close()


async def ask(connect, gateway, *pieces):
    """Send these bytes, and read until the connection closes."""
    reader, writer = await connect(gateway)
    for piece in pieces:
        writer.write(piece)
    await writer.drain()
    async with asyncio.timeout(20):
        return await reader.read()


def parse(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), head.lower(), body


def cut(reason):
    return REGISTRY.get_sample_value("imageshield_connections_cut_total", {"reason": reason}) or 0


class TestIdle:
    async def test_connection_is_kept_for_the_proxy(self, gateway_settings, connect):
        with serving(gateway_settings(), timeout_keep_alive=1) as gateway:
            reader, writer = await connect(gateway)
            for _ in range(2):
                writer.write(GET + b"\r\n")
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]))
                began = time.monotonic()
                await asyncio.sleep(0.5)
            assert await reader.read() == b""
            assert 0.8 < time.monotonic() - began < 3

    def test_default_is_longer_than_those_of_proxies(self):
        config = configure("api.main:app", host="127.0.0.1", port=0)
        assert config.timeout_keep_alive == Settings.model_fields["keep_alive_seconds"].default > 90
        assert configure("api.main:app", host="x", port=0, keep_alive_seconds=7).timeout_keep_alive == 7
        assert not config.proxy_headers


class TestSlowHeads:
    @pytest.fixture
    def hasty(self, monkeypatch, gateway_settings):
        monkeypatch.setattr(connections, "HEAD_SECONDS", 0.4)
        with serving(gateway_settings()) as gateway:
            yield gateway

    async def test_are_cut_with_an_answer(self, hasty, connect):
        status, head, body = parse(await ask(connect, hasty, GET))
        assert (status, json.loads(body)["code"]) == (408, "request-timeout")
        assert b"connection: close" in head
        assert b"application/problem+json" in head

    async def test_a_byte_now_and_then_gains_nothing(self, hasty, connect):
        reader, writer = await connect(hasty)
        writer.write(GET + b"X-Slow: ")
        began = time.monotonic()
        while not reader.at_eof() and time.monotonic() - began < 10:
            writer.write(b"x")
            await asyncio.sleep(0.05)
            if reader._buffer:
                break
        assert time.monotonic() - began < 3
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")

    async def test_of_the_second_request_too(self, hasty, connect):
        reader, writer = await connect(hasty)
        writer.write(GET + b"\r\n")
        await reader.readuntil(b'{"status":"ok"}')
        writer.write(b"GET /hea")
        assert (await asyncio.wait_for(reader.read(), 20)).startswith(b"HTTP/1.1 408 ")

    async def test_a_connection_on_which_nothing_comes_is_closed(self, hasty, connect):
        assert await ask(connect, hasty) == b""

    async def test_empty_lines_are_no_request(self, hasty, connect):
        answer = await ask(connect, hasty, b"\r\n\r\n")
        assert answer == b"" or answer.startswith(b"HTTP/1.1 408 ")

    async def test_slow_body_is_not_a_slow_head(self, hasty, connect, wired, engine):
        body = b"--b\r\n"
        head = f"POST /api/v1/encrypt HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {wired.token}\r\n".encode()
        head += b"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n"
        reader, writer = await connect(hasty)
        writer.write(head + body)
        await asyncio.sleep(1)
        assert not reader._buffer
        assert not reader.at_eof()


class TestLargeHeads:
    async def test_are_refused(self, server, connect):
        status, head, body = parse(await ask(connect, server, GET, b"X-Large: " + b"x" * 100_000 + b"\r\n\r\n"))
        assert (status, json.loads(body)["code"]) == (431, "headers-too-large")
        assert b"connection: close" in head

    async def test_of_many_headers_too(self, server, connect):
        lines = b"".join(b"X-%d: x\r\n" % number for number in range(10_000))
        assert parse(await ask(connect, server, GET, lines, b"\r\n"))[0] == 431

    async def test_that_never_end_are_not_collected(self, server, connect):
        _, writer = await connect(server)
        writer.write(GET + b"X-Large: ")
        sent = 0
        with suppress(ConnectionError):
            while sent < 50_000_000:
                writer.write(b"x" * 65_536)
                await writer.drain()
                sent += 65_536
        assert sent < 20_000_000

    async def test_of_a_sensible_size_pass(self, server, connect):
        answer = await ask(connect, server, GET, b"X-Token: " + b"x" * 16_000 + b"\r\nConnection: close\r\n\r\n")
        assert parse(answer)[0] == 200

    async def test_head_bytes_count_per_request(self, server, connect):
        reader, writer = await connect(server)
        for _ in range(30):
            writer.write(GET + b"X-Token: " + b"x" * 4000 + b"\r\n\r\n")
            await reader.readuntil(b'{"status":"ok"}')


class TestBrokenRequests:
    @pytest.mark.parametrize(
        "request_bytes",
        [
            POST + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            POST + b"Content-Length: 3, 4\r\n\r\nabcd",
            POST + b"Content-Length: -1\r\n\r\n",
            POST + b"Content-Length: +3\r\n\r\nabc",
            POST + b"Content-Length: 0x3\r\n\r\nabc",
            POST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            POST + b"Content-Length: 99999999999999999999999999\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: g\r\nX-Fold: a\r\n b\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: g\r\nX-Null: a\x00b\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost : g\r\n\r\n",
            b"GET /he\x00alth HTTP/1.1\r\nHost: g\r\n\r\n",
            b"GET /h\xc3\xa4lth HTTP/1.1\r\nHost: g\r\n\r\n",
            b"CONNECT gateway:443 HTTP/1.1\r\nHost: g\r\n\r\n",
            b"GET http:// HTTP/1.1\r\nHost: g\r\n\r\n",
            b"BREW / HTTP/1.1\r\nHost: g\r\n\r\n",
            b"GET /health HTTP/9.9\r\nHost: g\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        ],
        ids=lambda value: value[-60:].decode("latin-1"),
    )
    async def test_are_problems_and_close_the_connection(self, server, connect, request_bytes):
        status, head, body = parse(await ask(connect, server, request_bytes))
        assert 400 <= status < 500
        assert json.loads(body)["status"] == status
        assert b"connection: close" in head

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ("/api/v1/jobs/%00", 401),
            ("/docs/problems/%00", 404),
            ("/docs/assets/..%2f..%2fetc%2fpasswd", 404),
            ("/docs/problems/..%2f..%2fREADME", 404),
            ("/%ff%fe", 404),
            ("//health", 404),
            ("/health/", 404),
            ("/health?%00", 200),
        ],
    )
    async def test_odd_paths_find_nothing_and_break_nothing(self, server, connect, target, expected):
        request = f"GET {target} HTTP/1.1\r\nHost: g\r\nConnection: close\r\n\r\n".encode()
        assert parse(await ask(connect, server, request))[0] == expected

    @pytest.mark.parametrize("method", ["TRACE", "PUT", "PATCH", "DELETE", "PROPFIND", "QUERY"])
    async def test_unsupported_methods_are_405(self, server, connect, method):
        request = f"{method} /health HTTP/1.1\r\nHost: g\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        status, _, body = parse(await ask(connect, server, request))
        assert (status, json.loads(body)["code"]) == (405, "method-not-allowed")

    async def test_smuggled_request_is_never_answered(self, server, connect):
        """One parser takes the second request for a body, another parser takes it for a request."""
        hidden = b"GET /metrics HTTP/1.1\r\nHost: g\r\n\r\n"
        lengths = b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(hidden)
        answer = await ask(connect, server, POST + lengths, b"0\r\n\r\n" + hidden)
        assert answer.count(b"HTTP/1.1 ") == 1
        assert b"imageshield_" not in answer

    async def test_trailing_garbage_adds_no_second_answer(self, server, connect, wired):
        job_id = await wired.encrypt()
        request = f"GET /api/v1/jobs/{job_id} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {wired.token}\r\n\r\n"
        answer = await ask(connect, server, request.encode() + b"\x00rubbish\r\n\r\n")
        assert answer.count(b"HTTP/1.1 ") <= 1


class TestReaders:
    SIZE = 30_000_000

    @pytest.fixture
    def hasty(self, monkeypatch, gateway_settings):
        monkeypatch.setattr(connections, "READ_SECONDS", 1.0)
        with serving(gateway_settings()) as gateway:
            yield gateway

    @pytest.fixture
    async def download(self, ada, engine, hasty):
        """Open a download of 30 MB on a socket with a small buffer."""
        opened = []

        async def begin():
            job_id = await ada.decrypt()
            await engine.complete_decrypt(job_id, bytes(self.SIZE))
            wire = socket.socket()
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 200_000)
            wire.setblocking(False)
            opened.append(wire)
            loop = asyncio.get_running_loop()
            await loop.sock_connect(wire, ("127.0.0.1", int(hasty.base_url.rsplit(":", 1)[1])))
            request = (
                f"GET /api/v1/jobs/{job_id}/result HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {ada.token}\r\n\r\n"
            )
            await loop.sock_sendall(wire, request.encode())
            return wire

        yield begin
        for wire in opened:
            wire.close()

    async def test_that_stop_reading_are_cut(self, download):
        before = cut("slow-reader")
        wire = await download()
        assert (await asyncio.get_running_loop().sock_recv(wire, 100)).startswith(b"HTTP/1.1 200 ")
        await eventually(lambda: cut("slow-reader") == before + 1)

    async def test_that_read_slowly_but_read_are_served(self, download):
        before, loop = cut("slow-reader"), asyncio.get_running_loop()
        wire = await download()
        began, received = time.monotonic(), 0
        while time.monotonic() - began < 3:
            received += len(await loop.sock_recv(wire, 65_536))
            await asyncio.sleep(0.05)
        while received < self.SIZE:
            piece = await loop.sock_recv(wire, 1_000_000)
            assert piece
            received += len(piece)
        assert cut("slow-reader") == before
