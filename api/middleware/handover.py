"""Accepted sockets, served after the request that opened them has returned."""

from collections.abc import Awaitable, Callable

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

Conversation = Callable[[Receive, Send], Awaitable[None]]
NAME = "conversation"


class Handover:
    """Carries an accepted socket on, after everything that let it in has returned.

    A socket is open for up to an hour, a thousand of them at a time. The stack frames and exit stacks of its request
    would be 20 of the 50 KB that each may take.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)
        if scope["type"] == "websocket" and NAME in scope["state"]:
            conversation: Conversation = scope["state"].pop(NAME)
            await conversation(receive, send)


def hand_over(connection: HTTPConnection, conversation: Conversation) -> None:
    """Serve the accepted socket with this, after the route has returned."""
    connection.scope["state"][NAME] = conversation
