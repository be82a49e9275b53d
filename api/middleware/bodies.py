import asyncio
import time

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.draining import Draining
from api.errors import BodyRefused, RequestTimeout
from backplane.errors import ApplicationError, FileTooLarge, Overloaded, Unavailable
from backplane.metrics import UPLOAD_BYTES
from backplane.services.batches.unpacking import MAX_ARCHIVE_BYTES, MAX_ITEMS
from shield_core.image.limits import MAX_BYTES, MAX_ENCRYPTED_BYTES, MAX_MATERIAL_BYTES

FORM_OVERHEAD = 64 * 1024
"""The other fields of a form, and what stands between them."""

MAX_KEY_FILE = 1024 * 1024
LIMITS = {
    "/api/v1/encrypt": MAX_BYTES + FORM_OVERHEAD,
    "/api/v1/decrypt": MAX_ENCRYPTED_BYTES + MAX_MATERIAL_BYTES + MAX_KEY_FILE + FORM_OVERHEAD,
    "/api/v1/analyze": MAX_BYTES + MAX_ENCRYPTED_BYTES + FORM_OVERHEAD,
    "/api/v1/analysis/avalanche": MAX_BYTES + FORM_OVERHEAD,
    "/api/v1/batch/encrypt": MAX_ITEMS * MAX_BYTES + FORM_OVERHEAD,
}
"""Bytes of a whole body. `api.uploads` holds each file to its own limit, to the byte."""

HELD = {"/api/v1/batch/encrypt": MAX_ARCHIVE_BYTES + FORM_OVERHEAD}
"""What of a body is in memory at a time, where that is less than all of it: the rest has been stored."""

DEFAULT_LIMIT = 64 * 1024
STALL_SECONDS = 30.0
STALL_BYTES = 16 * 1024
"""What must arrive in that time: a byte now and then is no progress."""

LINGER_SECONDS = 5.0
LINGER_BYTES = 128 * 1024 * 1024
"""What a refused body may still take: many clients read no answer before they have sent everything."""

LAST_LINGER_SECONDS = 1.0


class UploadBudget:
    """Bytes of all bodies that may be in memory at once."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken = 0

    def take(self, size: int) -> None:
        # A single body is never too much: with the smallest setting, the largest picture must still pass.
        if self._taken and self._taken + size > self._limit:
            raise Overloaded("Too many bytes of other requests are being received; try again soon")
        self._taken += size
        UPLOAD_BYTES.inc(size)

    def give_back(self, size: int) -> None:
        self._taken -= size
        UPLOAD_BYTES.dec(size)


class Body:
    """One request's body on its way in: counted, limited, and cut where it stalls."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        state = scope["app"].state
        self._receive = receive
        self._send = send
        self._budget: UploadBudget = state.upload_budget
        self._draining: Draining = state.draining
        self._limit = LIMITS.get(scope["path"], DEFAULT_LIMIT)
        self._held = HELD.get(scope["path"], self._limit)
        self._declared = int(headers.get("content-length") or 0)
        self._awaits_go = headers.get("expect", "").lower() == "100-continue"
        self._complete = not self._declared and "transfer-encoding" not in headers
        self._admitted = False
        self._reserved = 0
        self._received = 0
        self._mark = 0
        self._patience = STALL_SECONDS

    async def receive(self) -> Message:
        if self._complete:
            return await self._receive()
        if not self._admitted:
            self._admit()
        # Only waiting wears patience out: a batch is stored between two reads, and that is not its sender's delay.
        began = time.monotonic()
        try:
            async with asyncio.timeout(self._patience) as wait:
                with self._draining.shortens(wait):
                    message = await self._receive()
        except TimeoutError:
            raise BodyRefused(self._too_late()) from None
        self._patience -= time.monotonic() - began
        self._count(message)
        return message

    def release(self) -> None:
        """Say that the bytes are no longer held; what comes after is not counted again."""
        self._budget.give_back(self._reserved)
        self._reserved = 0

    def hold_at_most(self, size: int) -> None:
        """Say that no more of this body will be in memory at a time, and give back what was reserved beyond that."""
        self._held = min(self._held, size)
        if self._reserved > self._held:
            self._budget.give_back(self._reserved - self._held)
            self._reserved = self._held

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start" and (self._draining.begun or not self._complete):
            MutableHeaders(scope=message)["Connection"] = "close"
        if message["type"] == "http.response.body" and not message.get("more_body") and not self._complete:
            await self._send({**message, "more_body": True})
            await self._linger()
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        await self._send(message)

    def _too_late(self) -> ApplicationError:
        if self._draining.over:
            return Unavailable("The gateway stops and cannot wait for the rest; send it again", retry_after=1)
        return RequestTimeout()

    def _admit(self) -> None:
        """Decide before the first byte: a body that cannot be taken need not be sent."""
        self._admitted = True
        if self._draining.over:
            raise BodyRefused(self._too_late())
        self._patience = STALL_SECONDS
        if self._declared > self._limit:
            raise BodyRefused(_too_large(self._limit))
        self._reserve(min(self._declared, self._held))

    def _count(self, message: Message) -> None:
        self._complete = not message.get("more_body", False)
        self._received += len(message.get("body", b""))
        if self._received > self._limit:
            raise BodyRefused(_too_large(self._limit))
        self._reserve(min(self._received, self._held) - self._reserved)
        if self._received - self._mark >= STALL_BYTES:
            self._mark = self._received
            self._patience = STALL_SECONDS

    def _reserve(self, size: int) -> None:
        if size > 0:
            try:
                self._budget.take(size)
            except Overloaded as error:
                raise BodyRefused(error) from None
            self._reserved += size

    async def _linger(self) -> None:
        # Closing with bytes unread resets the connection, and the reset can overtake the answer that was just sent:
        # so for a short while what still comes is thrown away.
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
    """Give the bytes of a body back before the request ends: its route holds them no more, and may wait for long."""
    body: Body = request.state.body
    body.release()


def hold_at_most(request: Request, size: int) -> None:
    """Reserve no more for this body than its route will hold at a time."""
    body: Body = request.state.body
    body.hold_at_most(size)


def _too_large(limit: int) -> FileTooLarge:
    return FileTooLarge(f"The body has more than {limit:,} bytes")
