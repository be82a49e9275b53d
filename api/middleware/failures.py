"""Unexpected errors: logged, and answered with 500."""

import structlog
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from backplane.errors import ApplicationError

log = structlog.get_logger()


class Failures:
    """The last resort: logs an exception that has no handler, and answers with a general problem."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, watch)
        except ClientDisconnect:
            log.info("http.client_gone")
        except Exception:
            log.exception("http.failed")
            # An answer that has begun cannot become a problem: it is cut, and its length shows that to the caller.
            if not started:
                await problem(HTTPConnection(scope), ApplicationError())(scope, receive, send)
