"""The header `Idempotency-Replayed`."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Replays:
    """Marks every answer to a request whose idempotency key was used before."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_marked(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["state"].get("replayed"):
                MutableHeaders(scope=message)["Idempotency-Replayed"] = "true"
            await send(message)

        await self._app(scope, receive, send_marked if scope["type"] == "http" else send)
