"""The rate headers of every answer of the API, and the count of requests that no route has counted."""

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from api.rates import count_anonymous, headers_of, was_counted
from backplane.errors.limits import RateLimited

API = "/api/v1/"


class RateHeaders:
    """Adds `RateLimit` and `RateLimit-Policy`.

    Dependencies of routes count their callers. What did not get that far, such as a wrong token or an unknown address,
    is counted here before its answer is sent, and may be refused instead.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        counted = scope["type"] == "http" and scope["path"].startswith(API) and not _is_preflight(scope)
        await self._app(scope, receive, Counted(scope, receive, send).send if counted else send)


class Counted:
    """The answer to one request of the API."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._connection = HTTPConnection(scope)
        self._receive = receive
        self._send = send
        self._refused = False

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not self._refused:
            await self._send(message)

    async def _start(self, message: Message) -> None:
        if not was_counted(self._connection):
            try:
                await count_anonymous(self._connection)
            except RateLimited as error:
                self._refused = True
                refusal = problem(self._connection, error, headers=headers_of(self._connection))
                await refusal(self._connection.scope, self._receive, self._send)
                return
        MutableHeaders(scope=message).update(headers_of(self._connection))
        await self._send(message)


def _is_preflight(scope: Scope) -> bool:
    """Return whether a browser asks for permission first: the request itself will be counted."""
    method: str = scope["method"]
    return method == "OPTIONS"
