"""Trusted proxies: the only place that decides from where a request comes, and over which scheme."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.forwarded import find_origin

SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class TrustedProxies:
    """Writes the caller's address, and the scheme that the caller used, into `client` and `scheme` of the scope.

    Only what the proxies of `TRUSTED_PROXIES` say is believed. The host stays as it is: `PUBLIC_URL` names it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan" and scope.get("client"):
            settings, (peer, port) = scope["app"].state.settings, scope["client"]
            origin = find_origin(
                peer, Headers(scope=scope), trusted=settings.trusted_proxies, style=settings.proxy_headers
            )
            # The port of a caller behind a proxy is not known.
            scope["client"] = (origin.address, port if origin.address == peer else 0)
            if origin.scheme is not None:
                scope["scheme"] = SOCKET_SCHEMES[origin.scheme] if scope["type"] == "websocket" else origin.scheme
        await self._app(scope, receive, send)
