"""Limits of request bodies: size, time, and memory of all bodies together."""

import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BodyRefused, RequestTimeout, UnsupportedMediaType
from api.middleware.budget import STEP, BodyBudget, Share, busy
from api.serving.draining import Draining
from backplane.errors import ApplicationError, FileTooLarge, Overloaded, Unauthenticated, Unavailable

FORM_OVERHEAD = 64 * 1024
"""The other fields of a form, and the boundaries between them."""

DEFAULT_LIMIT = 64 * 1024
SMALL_BODIES = 512 * DEFAULT_LIMIT
"""The budget of all bodies of other addresses together, log-ins among them, while they arrive. No upload can use it up.
Each counts with the largest size that it may reach."""

SILENT_SECONDS = 30.0
"""A sender that sends nothing at all in that time has gone. A slow one is cut only if others wait."""

UPLOAD_SECONDS = 3600.0
"""Well below the day after which the sweeper deletes blobs of a batch that no row names yet."""

SMALL_SECONDS = 120.0
"""Such a body fits into one or two packets, and is read before the caller is known."""

LINGER_SECONDS = 5.0
LINGER_BYTES = 128 * 1024 * 1024
"""How much of a refused body is still read: many clients read no answer before they have sent everything."""

LAST_LINGER_SECONDS = 1.0


class Body:
    """One request's body while it arrives: counted, limited, and cut if others need its memory or its sender left."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        self._state = scope["app"].state
        self._about = scope["state"]
        self._receive = receive
        self._send = send
        self._draining: Draining = self._state.draining
        limit = self._state.upload_limits.of(scope)
        self._is_upload = limit is not None
        self._budget: BodyBudget = self._state.upload_budget if self._is_upload else self._state.small_body_budget
        self._limit = DEFAULT_LIMIT if limit is None else limit + FORM_OVERHEAD
        self._declared = int(headers.get("content-length") or 0)
        self._encoding = headers.get("content-encoding", "identity").lower()
        self._awaits_go = headers.get("expect", "").lower() == "100-continue"
        self._complete = not self._declared and "transfer-encoding" not in headers
        self._share: Share | None = None
        self._received = 0
        self._kept = 0
        self._until = 0.0

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        share = self._share or self._admit()
        try:
            # Without room the body is not read: its sender waits.
            await self._budget.reserve(share, self._charge())
        except Overloaded as error:
            raise BodyRefused(error) from None
        message = await self._next(share)
        self._count(message, share)
        return message

    def release(self) -> None:
        """Return all its bytes to the budget."""
        if self._share is not None:
            self._budget.release(self._share)

    def release_bytes(self, size: int) -> None:
        """Return `size` bytes of it to the budget: they have been stored, and are no longer in memory."""
        self._kept -= size
        if self._share is not None:
            self._budget.hold(self._share, self._charge())

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and (self._draining.begun or not self._complete):
            MutableHeaders(scope=message)["Connection"] = "close"
        if message["type"] == "http.response.body" and not message.get("more_body") and not self._complete:
            self.release()
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    def _admit(self) -> Share:
        """Decide before the first byte, so that a body that will be refused need not be sent."""
        if self._draining.over:
            raise BodyRefused(_stopping())
        if self._declared > self._limit:
            raise BodyRefused(_too_large(self._limit))
        if self._encoding != "identity":
            raise BodyRefused(UnsupportedMediaType("Send the body as it is, without Content-Encoding"))
        account_id = self._about.get("account_id")
        if self._is_upload and account_id is None:
            raise BodyRefused(Unauthenticated())
        self._until = time.monotonic() + (UPLOAD_SECONDS if self._is_upload else SMALL_SECONDS)
        self._share = Share(account_id if self._is_upload else None)
        return self._share

    async def _next(self, share: Share) -> Message:
        try:
            async with asyncio.timeout(min(SILENT_SECONDS, self._until - time.monotonic())) as share.wait:
                with self._draining.shortens(share.wait), share.speed.awaited():
                    message = await self._receive()
        except TimeoutError:
            raise BodyRefused(self._why(share)) from None
        finally:
            share.wait = None
        if share.cut:
            raise BodyRefused(busy())
        return message

    def _why(self, share: Share) -> ApplicationError:
        if share.cut:
            return busy()
        return _stopping() if self._draining.over else RequestTimeout()

    def _count(self, message: Message, share: Share) -> None:
        size = len(message.get("body", b""))
        share.speed.add(size)
        self._received += size
        self._kept += size
        self._complete = not message.get("more_body", False)
        if self._received > self._limit:
            raise BodyRefused(_too_large(self._limit))
        if self._is_upload:
            self._budget.hold(share, self._charge())
        elif self._complete:
            self._budget.release(share)

    def _charge(self) -> int:
        if not self._is_upload:
            return DEFAULT_LIMIT
        return self._kept if self._complete else self._kept + STEP

    async def _linger(self) -> None:
        # Closing with bytes unread resets the connection, and the reset can overtake the answer that was just sent:
        # so for a short while the rest of the body is read and discarded.
        if self._awaits_go and not self._received:
            return
        left = LINGER_BYTES
        try:
            async with asyncio.timeout(LAST_LINGER_SECONDS if self._draining.over else LINGER_SECONDS):
                while left > 0 and not self._complete:
                    message = await self._receive()
                    left -= len(message.get("body", b""))
                    self._complete = not message.get("more_body", False)
        except TimeoutError:
            return


class Bodies:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = Body(scope, receive, send)
        scope["state"]["body"] = body
        try:
            await self._app(scope, body.receive, body.send)
        finally:
            body.release()


def release(request: Request) -> None:
    """Return a body's bytes to the budget before the request ends: its route does not hold them while it waits."""
    body: Body = request.state.body
    body.release()


def release_bytes(request: Request, size: int) -> None:
    """Return bytes that the route has stored to the budget, while more of the body arrives."""
    body: Body = request.state.body
    body.release_bytes(size)


def _stopping() -> Unavailable:
    return Unavailable("The gateway stops and cannot wait for the rest; send it again", retry_after=1)


def _too_large(limit: int) -> FileTooLarge:
    return FileTooLarge(f"The body has more than {limit:,} bytes")
