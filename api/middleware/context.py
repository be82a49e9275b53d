"""The request id: taken from the caller or generated, returned in the answer, and bound to every log line."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from api.middleware.headers import STARTS
from backplane import ids
from backplane.logging import API_KEY

NAME = "X-Request-ID"
# It goes into logs, audit rows and a header of the answer: only characters that generators of ids use.
SHAPE = re.compile(r"[A-Za-z0-9_.:-]{8,128}", re.ASCII)


class RequestContext:
    """Gives every request an id (the caller's, if it has this shape) and binds it to every log line."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(NAME, "")
        fit = SHAPE.fullmatch(given) and not API_KEY.search(given)
        request_id = given if fit else ids.to_wire("req", ids.new())
        scope.setdefault("state", {})["request_id"] = request_id

        async def send_with_id(message: Message) -> None:
            if message["type"] in STARTS or message["type"] == "websocket.accept":
                MutableHeaders(scope=message)[NAME] = request_id
            await send(message)

        with bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_id)
