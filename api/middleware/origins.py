"""CORS: which origins may call, and which headers they may send and read.

Credentials are never allowed: pages of another origin send a token. The session cookie is for the service's own pages,
which need no CORS. So `X-CSRF`, which the routes of the session demand, is not among the headers either.
"""

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

METHODS = ("DELETE", "GET", "PATCH", "POST")
SENT = (
    "Accept-Signature",
    "Authorization",
    "Content-Type",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Prefer",
    "Range",
    "X-API-Key",
    "X-Account",
    "X-Request-ID",
)
SHOWN = (
    "Accept-Ranges",
    "Content-Digest",
    "Content-Disposition",
    "Content-Location",
    "Content-Range",
    "Deprecation",
    "ETag",
    "Idempotency-Replayed",
    "Link",
    "Location",
    "Preference-Applied",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "Signature",
    "Signature-Input",
    "Signature-Omitted",
    "Sunset",
    "X-Request-ID",
)


class AllowedOrigins:
    """CORS for the origins that the settings list, which are known once the application has started."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cors: CORSMiddleware | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if self._cors is None:
            origins = scope["app"].state.settings.origins
            self._cors = CORSMiddleware(
                self._app, allow_origins=origins, allow_methods=METHODS, allow_headers=SENT, expose_headers=SHOWN
            )
        await self._cors(scope, receive, send)
