"""Connections with limits: how long a caller may take, and how much it may send before a request is accepted.

uvicorn waits indefinitely for the head of a request and for a client that reads its answer, and its parser accepts
heads of any size: a caller that opens many connections and then sleeps would hold them all. When uvicorn stops, it also
closes idle connections at once, although the next request may already be on its way.
"""

import asyncio
import json
import socket
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from api.errors import MEDIA_TYPE, HeadersTooLarge, RequestMalformed, RequestTimeout, document
from api.serving.acknowledgements import EXTENSION, Acknowledgements, unacknowledged_bytes
from api.serving.heads import check_handshake, check_head
from backplane.errors import ApplicationError
from backplane.metrics import CONNECTIONS_CUT

HEAD_SECONDS = 15.0
"""From the opening of the connection, or the first byte of the next request, to the end of its head."""

HEAD_BYTES = 32 * 1024
"""The most for a request line and its headers: a token has one kilobyte, and clients send no cookies here."""

FRAMING = 16
"""Bytes of chunk sizes, chunk extensions and trailers for each byte of a body, beyond those that a head may have: a
chunk of one byte has five of them (RFC 9112, section 7.1)."""

PIPELINED = 16
"""Requests that may wait on one connection: one read can bring 9,000 of the smallest, and each takes kilobytes."""

READ_SECONDS = 30.0
READ_BYTES = 16 * 1024
"""The least that a client must read of its answer in that time."""

LINGER_SECONDS = 1.0
LINGER_BYTES = 1024 * 1024
"""How long, and how much, the gateway still reads and discards after a refusal."""

DEAD_SECONDS = 60.0
"""After this time without an acknowledgement, the kernel ends the connection and drops the rest."""

LAST_SECONDS = 1.0
"""When the gateway stops, a request that is on its way on an idle connection has this time to arrive."""


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with limits on time and bytes."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._reading_head = True
        self._head_bytes = 0
        self._body_bytes = 0
        self._framing_bytes = 0
        self._head_timer: asyncio.TimerHandle | None = None
        self._read_timer: asyncio.TimerHandle | None = None
        self._stopping = False
        self._running: RequestResponseCycle | None = None
        self._refusal: ApplicationError = RequestMalformed()
        self._refused = False
        self._discarded = 0
        self._acknowledgements = Acknowledgements(transport)
        super().connection_made(transport)
        _limit_silence(transport)
        self._await_head(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_timers()
        self._acknowledgements.end(exc)
        self._disconnect()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._refused:
            self._discard(data)
            return
        before, in_body = self._body_bytes, not self._reading_head
        if not in_body:
            self._head_bytes += len(data)
        super().data_received(data)
        if in_body and not self._reading_head:
            self._count_framing(len(data), self._body_bytes - before)
        if self._is_over():
            self._cancel_timers()
        elif self._head_bytes > HEAD_BYTES:
            self._refuse(_too_large())
        elif self._framing_bytes > HEAD_BYTES:
            self._refuse(HeadersTooLarge("The chunk extensions or the trailer of the body are too large"))
        elif self._is_idle() and self._head_timer is None:
            self._await_head(HEAD_SECONDS)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        # The type of ASGI scopes allows only dictionaries here; the protocol allows any value under a name of its own.
        extensions: Any = {EXTENSION: self._acknowledgements}
        self.scope["extensions"] = extensions

    def on_headers_complete(self) -> None:
        self._reading_head = False
        self._head_bytes = 0
        self._cancel_head_timer()
        try:
            self._check_head()
        except ApplicationError as error:
            self._refusal = error
            raise  # the parser stops, and `send_400_response` sends the refusal
        super().on_headers_complete()
        if self._stopping and not self._is_idle():
            self.cycle.keep_alive = False

    def _check_head(self) -> None:
        # A head whose end is in the same piece is not counted in `data_received`: the piece may also hold the body.
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES:
            raise _too_large()
        version = self.parser.get_http_version()
        check_head(version, self.url, self.headers)
        if self.parser.should_upgrade() and self._should_upgrade():
            check_handshake(version, self.parser.get_method().decode(), self.headers)
            if not self._is_idle():
                raise RequestMalformed("A handshake comes after the answers to the requests before it")
        if len(self.pipeline) >= PIPELINED:
            raise RequestMalformed(f"At most {PIPELINED} requests wait for their turn on one connection")

    def on_header(self, name: bytes, value: bytes) -> None:
        # A field of a trailer is not part of the head, and must not be read as one (RFC 9110, section 6.5.1).
        if self._reading_head:
            super().on_header(name, value)

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._reading_head = True
        self._framing_bytes = 0
        super().on_message_complete()

    def _count_framing(self, size: int, body: int) -> None:
        self._framing_bytes = max(0, self._framing_bytes + size - body - FRAMING * body)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's message, as plain text
        self._refuse(self._refusal)

    def shutdown(self) -> None:
        self._stopping = True
        if not self._is_idle():
            super().shutdown()
        elif not self._head_bytes:
            self._cancel_head_timer()
            self._await_head(LAST_SECONDS)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self._read_timer is None:
            self._watch_reader()

    def resume_writing(self) -> None:
        self._cancel_read_timer()
        super().resume_writing()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _is_idle(self) -> bool:
        return self._running is None or self._running.response_complete

    def _disconnect(self) -> None:
        """Disconnect the running request: its answer is not needed. uvicorn itself disconnects only the newest one."""
        if self._running is not None:
            self._running.disconnected = True
            self._running.message_event.set()

    def _is_over(self) -> bool:
        """Whether it was refused, closed, or handed to the WebSocket protocol."""
        return self._refused or self.transport.is_closing() or self.transport.get_protocol() is not self

    def _await_head(self, seconds: float) -> None:
        self._head_timer = self.loop.call_later(seconds, self._give_up_on_head)

    def _give_up_on_head(self) -> None:
        self._head_timer = None
        if self._head_bytes:
            self._refuse(RequestTimeout("The head of the request took too long to arrive"))
        else:
            self.transport.close()

    def _refuse(self, error: ApplicationError) -> None:
        CONNECTIONS_CUT.labels(reason=error.code).inc()
        self._refused = True
        self._cancel_timers()
        if self._finish_earlier_requests():
            return
        # In the middle of an answer, the client would read these bytes as a part of it.
        if self._running is None or self._running.response_complete or not self._running.response_started:
            self.transport.write(_answer(error, self.server_state.default_headers))
        self._disconnect()
        # Closing with bytes unread resets the connection, and the reset can overtake the answer.
        self.transport.write_eof()
        self.loop.call_later(LINGER_SECONDS, self.transport.close)

    def _finish_earlier_requests(self) -> bool:
        """Close the connection after the answers to complete requests before the refused one; False without any.

        Then the refusal itself is not sent: before those answers, the client would take it for one of them.
        """
        if self.pipeline and self.cycle.more_body:
            self.pipeline.popleft()
        last = self.pipeline[0][0] if self.pipeline else self._running
        if last is None or last.response_complete or last.more_body:
            return False
        last.keep_alive = False
        # Bytes that are unread at the end reset the connection, and the reset can overtake the last answer.
        self.flow.resume_reading()
        return True

    def _discard(self, data: bytes) -> None:
        self._discarded += len(data)
        if self._discarded > LINGER_BYTES:
            self.transport.close()

    def _watch_reader(self) -> None:
        self._read_timer = self.loop.call_later(READ_SECONDS, self._check_reader, unacknowledged_bytes(self.transport))

    def _check_reader(self, before: int) -> None:
        if before - unacknowledged_bytes(self.transport) >= READ_BYTES:
            self._watch_reader()
            return
        self._read_timer = None
        CONNECTIONS_CUT.labels(reason="slow-reader").inc()
        self.transport.abort()

    def _cancel_timers(self) -> None:
        self._cancel_head_timer()
        self._cancel_read_timer()

    def _cancel_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _cancel_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None


def _too_large() -> ApplicationError:
    return HeadersTooLarge(f"The head of a request has at most {HEAD_BYTES:,} bytes")


def _limit_silence(transport: asyncio.Transport) -> None:
    """Have the kernel end a connection that acknowledges nothing, also where the rest of an answer is small."""
    wire: Any = transport.get_extra_info("socket")
    if wire is not None and hasattr(socket, "TCP_USER_TIMEOUT") and wire.family != socket.AF_UNIX:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(DEAD_SECONDS * 1000))


def _answer(error: ApplicationError, default_headers: list[tuple[bytes, bytes]]) -> bytes:
    body = json.dumps(document(error)).encode()
    headers = [
        *default_headers,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    lines = b"".join(b"%b: %b\r\n" % header for header in headers)
    return STATUS_LINE[error.status] + lines + b"\r\n" + body
