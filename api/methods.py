"""The methods that an address answers to, over all of its routes."""

from starlette.requests import HTTPConnection
from starlette.routing import Match

METHODS = ("DELETE", "GET", "HEAD", "PATCH", "POST", "PUT")


def allowed(connection: HTTPConnection) -> str:
    """Write the `Allow` header (RFC 9110, section 10.2.1): the framework knows only the first route of an address."""
    routes, scope = connection.app.router.routes, connection.scope
    found = [
        method
        for method in METHODS
        if any(route.matches({**scope, "method": method})[0] is Match.FULL for route in routes)
    ]
    return ", ".join(found)
