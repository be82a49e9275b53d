"""Malformed and ambiguous request heads on a real connection, and their lines in the log."""

import asyncio
import json
import logging
import re

import pytest
import structlog
from prometheus_client import REGISTRY

from api.routes import events
from api.serving.connections import PIPELINED
from tests.api.conftest import eventually
from tests.api.test_connections import GET, POST, ask, connect, parse  # noqa: F401 - a fixture

pytestmark = [pytest.mark.anyio, pytest.mark.stack]

CLOSE = b"Connection: close\r\n\r\n"
HANDSHAKE = {
    b"Host": b"g",
    b"Connection": b"Upgrade",
    b"Upgrade": b"websocket",
    b"Sec-WebSocket-Version": b"13",
    b"Sec-WebSocket-Key": b"AAAAAAAAAAAAAAAAAAAAAA==",
}


def handshake(target=b"/ws/progress/job_1", method=b"GET", **changes):
    fields = HANDSHAKE | {name.replace("_", "-").encode(): value for name, value in changes.items()}
    lines = b"".join(b"%b: %b\r\n" % field for field in fields.items() if field[1] is not None)
    return b"%b %b HTTP/1.1\r\n%b\r\n" % (method, target, lines)


def get(path, user):
    return f"GET {path} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {user.token}\r\n\r\n".encode()


def open_streams():
    return REGISTRY.get_sample_value("imageshield_event_streams")


def is_problem(answer, *statuses):
    status, head, body = parse(answer)
    assert status in statuses, answer[:300]
    assert b"application/problem+json" in head
    assert json.loads(body)["status"] == status


class TestMalformed:
    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"GET /health HTTP/1.1\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET /health HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost:\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a,b\r\nX: y\r\nHost: c\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a/b\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: u@a\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a:b\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a:80:80\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: [::1\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: \xc3\xa4\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: http://a\r\n\r\n",
            b"GET /health\r\n\r\n",
            b"GET /health HTTP/0.9\r\nHost: a\r\n\r\n",
            b"GET /health HTTP/2.0\r\nHost: a\r\n\r\n",
            b"GET http://b/health HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET http://u@a/health HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET ftp://a/health HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET a/health HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /health#x HTTP/1.1\r\nHost: a\r\n\r\n",
            b"get /health HTTP/1.1\r\nHost: a\r\n\r\n",
            b"GET /health HTTP/1.1\nHost: a\n\n",
            b"GET /health HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a\r\n X: a\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a\r\nX\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a\r\n: a\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: gzip\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n0\r\n\r\n",
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\nab\n0\n\n",
        ],
        ids=lambda value: value[-70:].decode("latin-1"),
    )
    async def test_is_a_problem_and_the_connection_closed(self, server, connect, request_bytes):  # noqa: F811
        answer = await ask(connect, server, request_bytes)
        is_problem(answer, 400, 405)
        assert b"connection: close" in parse(answer)[1]

    @pytest.mark.parametrize(
        "changes",
        [
            {"Sec_WebSocket_Key": b"short"},
            {"Sec_WebSocket_Key": None},
            {"Sec_WebSocket_Version": b"8"},
            {"Sec_WebSocket_Version": None},
            {"Content_Length": b"3"},
            {"Transfer_Encoding": b"chunked"},
            {"method": b"POST"},
            {"Host": None},
        ],
        ids=str,
    )
    async def test_handshakes_too(self, server, connect, changes):  # noqa: F811
        is_problem(await ask(connect, server, handshake(**changes)), 400)

    async def test_handshake_of_http_1_0(self, server, connect):  # noqa: F811
        is_problem(await ask(connect, server, handshake().replace(b"HTTP/1.1", b"HTTP/1.0")), 400)


class TestFraming:
    """Bytes around a body are limited like a head: body limits do not count them, and a trailer is kept in memory."""

    CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

    @pytest.mark.parametrize(
        ("begun", "more"),
        [
            (b"0\r\nA: ", b"a" * 50_000),
            (b"0\r\n", b"A: b\r\n" * 8_000),
            (b"1a\r\ngrant_type=password&scope=a\r\n0\r\nA: ", b"a" * 50_000),
            (b"1;", b"a" * 50_000),
            (b'1;x="', b"a" * 50_000),
            (b"", b"1;" + b"x" * 50_000 + b"\r\na\r\n"),
            (b"", b"0" * 50_000),
        ],
        ids=["trailer", "trailers", "trailer behind a body", "extension", "quoted", "extensions", "size"],
    )
    async def test_that_never_ends_is_cut(self, server, connect, begun, more):  # noqa: F811
        answer = await ask(connect, server, self.CHUNKED + begun, *[more] * 10)
        is_problem(answer, 400, 431)
        assert b"connection: close" in parse(answer)[1]

    async def test_of_a_body_in_single_bytes_is_taken(self, server, connect):  # noqa: F811
        body = b"".join(b"1\r\n%c\r\n" % byte for byte in b"grant_type=password&scope=" + b"a" * 20_000)
        answer = await ask(connect, server, self.CHUNKED.replace(b"\r\n\r\n", b"\r\n" + CLOSE), body, b"0\r\n\r\n")
        assert parse(answer)[0] == 400
        assert b"grant_incomplete" in answer

    async def test_field_of_a_trailer_is_no_header(self, server, connect, wired):  # noqa: F811
        head = b"POST /api/v1/auth/logout HTTP/1.1\r\nHost: g\r\nTransfer-Encoding: chunked\r\n" + CLOSE
        trailer = f"0\r\nAuthorization: Bearer {wired.token}\r\n\r\n".encode()
        is_problem(await ask(connect, server, head + trailer), 401)


class TestSound:
    @pytest.mark.parametrize(
        "request_bytes",
        [
            b"GET /health HTTP/1.0\r\n\r\n",
            b"GET /health HTTP/1.0\r\nHost: a\r\n\r\n",
            b"GET /health HTTP/1.1\r\nHost: a:8000\r\n" + CLOSE,
            b"GET /health HTTP/1.1\r\nHost: [::1]:8000\r\n" + CLOSE,
            b"GET /health HTTP/1.1\r\nHost: my_host.example\r\n" + CLOSE,
            b"GET http://a:1/health HTTP/1.1\r\nHost: A:1\r\n" + CLOSE,
            b"GET /health HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\n" + CLOSE,
            b"GET /health HTTP/1.1\r\nHost: a\r\nAccept: application/xml\r\n" + CLOSE,
            b"GET /health HTTP/1.1\r\nHost: a\r\nX-Bytes: \xff\xfe\r\n" + CLOSE,
            b"GET /health HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
        ],
        ids=lambda value: value[-70:].decode("latin-1"),
    )
    async def test_is_answered(self, server, connect, request_bytes):  # noqa: F811
        reader, writer = await connect(server)
        writer.write(request_bytes)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 20)).split()[1] == b"200"

    async def test_chunk_extensions_are_skipped(self, server, connect):  # noqa: F811
        body = b"1a;x=y\r\ngrant_type=password&scope=a\r\n0;z\r\n\r\n"
        answer = await ask(connect, server, POST + b"Transfer-Encoding: chunked\r\n" + CLOSE + body)
        is_problem(answer, 422, 400)


class TestPipelines:
    async def test_answers_come_in_order(self, server, connect):  # noqa: F811
        answer = await ask(connect, server, (GET + b"\r\n") * 5 + GET + CLOSE)
        assert answer.count(b'{"status":"ok"}') == 6

    async def test_endless_one_is_closed(self, server, connect):  # noqa: F811
        reader, writer = await connect(server)
        writer.write((GET + b"\r\n") * 5000)
        answer = await asyncio.wait_for(reader.read(), 20)
        assert PIPELINED <= answer.count(b"HTTP/1.1 200 ") < 50

    @pytest.mark.parametrize(
        "refused",
        [
            b"\x00rubbish\r\n\r\n",
            b"GET /health HTTP/1.1\r\n\r\n",
            handshake(),
            POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        ],
        ids=["rubbish", "no host", "handshake", "broken body"],
    )
    async def test_requests_before_a_refused_one_are_answered(self, server, connect, wired, refused):  # noqa: F811
        job_id = await wired.encrypt()
        with structlog.testing.capture_logs() as lines:
            answer = await ask(connect, server, get(f"/api/v1/jobs/{job_id}", wired) + GET + b"\r\n" + refused)
            await eventually(lambda: len([line for line in lines if line["event"] == "http.request"]) >= 2)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"200", b"200"]
        assert answer.endswith(b'{"status":"ok"}')
        assert [line for line in lines if line["log_level"] == "error"] == []

    async def test_first_request_ends_when_caller_disconnects(self, server, connect, wired, monkeypatch):  # noqa: F811
        """A request waits behind an event stream: the stream must end when the connection does."""
        monkeypatch.setattr(events, "BEAT_SECONDS", 0.05)
        reader, writer = await connect(server)
        writer.write(get(f"/api/v1/jobs/{await wired.encrypt()}/events", wired) + GET + b"\r\n")
        await asyncio.wait_for(reader.readuntil(b"event: snapshot"), 20)
        assert open_streams() == 1
        with structlog.testing.capture_logs() as lines:
            writer.transport.abort()
            await eventually(lambda: [line for line in lines if line["event"] == "http.request"])
        assert open_streams() == 0
        assert [line for line in lines if line["log_level"] == "error"] == []


class TestLog:
    """Requests of unknown clients are logged as lines at `info`, never as a traceback."""

    @pytest.fixture
    def uvicorn_lines(self, caplog):
        caplog.set_level(logging.DEBUG)
        # Only lines of sockets: connections of other tests on the same server may end meanwhile.
        return lambda: [
            record
            for record in caplog.records
            if record.exc_info or (record.levelno >= logging.ERROR and "websockets" in record.pathname)
        ]

    @pytest.mark.parametrize(
        ("target", "status"),
        [(b"/ws/progress/job_1", 401), (b"/ws/progress/job_1?ticket=canary", 403), (b"/nothing?ticket=canary", 404)],
    )
    async def test_refused_handshake_is_one_line(self, server, connect, uvicorn_lines, target, status):  # noqa: F811
        with structlog.testing.capture_logs() as lines:
            answer = await ask(connect, server, handshake(target, X_Request_ID=b"req-of-mine"))
            path = target.partition(b"?")[0].decode()
            await eventually(lambda: [line for line in lines if line.get("path") == path])
        is_problem(answer, status)
        (line,) = [line for line in lines if line.get("path") == path]
        assert (line["event"], line["log_level"], line["status"]) == ("socket.refused", "info", status)
        assert "canary" not in str(lines)
        assert uvicorn_lines() == []
