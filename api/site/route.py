"""The route of the console. It comes after all others, so no file of a build hides an address of the API."""

from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Match
from starlette.types import Receive, Scope, Send

from api.requests.origins import public_page_location
from api.site.console import Console, Found

READING: Final = frozenset({"GET", "HEAD"})


class ConsoleRoute(BaseRoute):
    """Serves the files and pages of the console, and its page for addresses that have none."""

    path_format = "console"
    """The label in logs and metrics: one for all, because addresses contain ids."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if scope["type"] != "http":
            return Match.NONE, {}
        reads = scope["method"] in READING
        found = self._console.find(scope["path"])
        if found is None and reads:
            found = self._console.find_missing(scope["path"], Headers(scope=scope).get("accept", ""))
        if found is None:
            return Match.NONE, {}
        return Match.FULL if reads else Match.PARTIAL, {"route": self, "found": found}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in READING:
            raise HTTPException(405)
        await self._respond(Request(scope, receive), scope["found"])(scope, receive, send)

    @staticmethod
    def _respond(request: Request, found: Found) -> Response:
        if location := public_page_location(request, request.app.state.settings):
            return RedirectResponse(location)
        return found.file.respond(request, status=found.status, headers=found.headers)
