"""The access log and the metrics of requests."""

import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backplane.metrics import HTTP_REQUESTS, HTTP_SECONDS

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
LONGEST_PATH = 200
log = structlog.get_logger()


class AccessLog:
    """Logs and counts each request, and logs each refused handshake.

    Neither contains the query string: it may hold secrets.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, _watch_handshake(scope, send))
            return
        began = time.perf_counter()
        seen: dict[str, Any] = {"status": 0, "sent": 0}

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start":
                seen["status"] = message["status"]
                # Callers can send any method, and each new label would make a new series.
                method = scope["method"] if scope["method"] in METHODS else "OTHER"
                HTTP_REQUESTS.labels(method=method, route=template(scope), status=message["status"]).inc()
                HTTP_SECONDS.labels(method=method, route=template(scope)).observe(time.perf_counter() - began)
            else:
                seen["sent"] += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, watch)
        finally:
            log.info(
                "http.request",
                address=_address(scope),
                method=scope["method"][:16],
                path=scope["path"][:LONGEST_PATH],
                route=template(scope),
                status=seen["status"],
                sent=seen["sent"],
                ms=round((time.perf_counter() - began) * 1000, 1),
            )


def _watch_handshake(scope: Scope, send: Send) -> Send:
    async def watch(message: Message) -> None:
        if message["type"] == "websocket.http.response.start":
            log.info(
                "socket.refused",
                address=_address(scope),
                path=scope["path"][:LONGEST_PATH],
                status=message["status"],
            )
        await send(message)

    return watch


def _address(scope: Scope) -> str | None:
    return scope["client"][0] if scope.get("client") else None


def template(scope: Scope) -> str:
    """Return the path template of the route: with ids in the label, each job would make a new series."""
    return getattr(scope.get("route"), "path_format", None) or "unmatched"
