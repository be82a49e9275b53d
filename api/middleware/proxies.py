"""Trusted proxies: the only place that decides from where a request comes, and over which scheme."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from api.middleware.forwarded import find_origin
from backplane.settings import Settings

SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


class TrustedProxies:
    """Writes the caller's address, and the scheme that the caller used, into `client` and `scheme` of the scope.

    Only what the proxies of `TRUSTED_PROXIES` say is believed. Where they say nothing about the scheme, a request for
    the host of `PUBLIC_URL` has its scheme. The host stays as it is.
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
            scheme = origin.scheme or _public_scheme(scope, settings)
            if scheme is not None:
                scope["scheme"] = SOCKET_SCHEMES[scheme] if scope["type"] == "websocket" else scheme
        await self._app(scope, receive, send)


def _public_scheme(scope: Scope, settings: Settings) -> str | None:
    scheme, _, host = (settings.public_url or "").partition("://")
    return scheme if host and Headers(scope=scope).get("host", "").lower() == host else None
