"""Signed answers, for requests with `Accept-Signature`."""

from types import SimpleNamespace
from typing import Final

import structlog
from http_message_signatures import HTTPMessageSignaturesException
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from api.middleware.context import NAME as REQUEST_ID
from api.signatures.accept_signature import HEADER, Wanted, read_accept_signature, request_of
from api.signatures.signing import has_content, sign
from backplane.errors import ApplicationError
from backplane.services.requests.response_keys import ResponseKey, ResponseKeys

OMITTED: Final = "Signature-Omitted"
HELD_BYTES: Final = 1024 * 1024
"""Answers that come in pieces are held back until their digest is known if they have at most this many bytes."""

log = structlog.get_logger()


class Signatures:
    """Signs each answer to a request that asks for it; what cannot be signed says so in `Signature-Omitted`.

    A request whose signature cannot be made is refused before it does anything.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or HEADER not in Headers(scope=scope):
            await self._app(scope, receive, send)
            return
        keys: ResponseKeys = scope["app"].state.services.response_keys
        request = request_of(scope)
        try:
            key = await run_in_threadpool(keys.signer)
            wanted = read_accept_signature(Headers(scope=scope), request, kid=key.kid)
        except ApplicationError as error:
            await problem(HTTPConnection(scope), error)(scope, receive, send)
            return
        answer = SignedAnswer(send, request, wanted, key, scope["state"]["request_id"])
        await self._app(scope, receive, answer.send)


class SignedAnswer:
    """An answer that is held back until its content is known, and then sent with its signatures."""

    def __init__(
        self, send: Send, request: SimpleNamespace, wanted: list[Wanted], key: ResponseKey, request_id: str
    ) -> None:
        self._send = send
        self._request, self._wanted, self._key, self._request_id = request, wanted, key, request_id
        self._start: Message | None = None
        self._pieces: list[bytes] = []

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            if self._length() is None and has_content(self._request.method, message["status"]):
                await self._omit("streaming")  # events come for hours
        elif self._start is None or message["type"] != "http.response.body":
            await self._send(message)
        elif not message.get("more_body"):
            self._pieces.append(message.get("body", b""))
            await self._finish(b"".join(self._pieces))
        elif (self._length() or 0) > HELD_BYTES:
            await self._omit("streaming")
            await self._send(message)
        else:
            self._pieces.append(bytes(message.get("body", b"")))

    async def _finish(self, body: bytes) -> None:
        start = self._start
        assert start is not None
        headers = MutableHeaders(scope=start)
        headers[REQUEST_ID] = self._request_id
        headers.add_vary_header(HEADER)
        try:
            await run_in_threadpool(
                sign, start["status"], headers, body, request=self._request, wanted=self._wanted, key=self._key
            )
        except HTTPMessageSignaturesException:
            log.warning("signature.omitted", status=start["status"])
            await self._omit("field")
        else:
            self._start = None
            await self._send(start)
        await self._send({"type": "http.response.body", "body": body})

    async def _omit(self, reason: str) -> None:
        start, self._start = self._start, None
        assert start is not None
        MutableHeaders(scope=start)[OMITTED] = reason
        await self._send(start)

    def _length(self) -> int | None:
        assert self._start is not None
        length = Headers(raw=self._start["headers"]).get("content-length")
        return None if length is None else int(length)
