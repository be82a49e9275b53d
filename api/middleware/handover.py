"""Accepted sockets, served after the request that opened them has returned."""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

ServeSocket = Callable[[Receive, Send], Awaitable[None]]
NAME = "serve_socket"


class Handover:
    """Serves an accepted socket after the route and the middleware of its request have returned.

    A socket is open for up to an hour, a thousand of them at a time. The stack frames and exit stacks of its request
    would be 20 of the 50 KB that each may take.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        if scope["type"] == "websocket" and NAME in scope["state"]:
            serve: ServeSocket = scope["state"].pop(NAME)
            await serve(receive, send)


def hand_over(connection: HTTPConnection, serve: ServeSocket) -> None:
    """Serve the accepted socket with this function, after the route has returned."""
    connection.scope["state"][NAME] = serve
