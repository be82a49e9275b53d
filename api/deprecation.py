"""Deprecation of a route or of some of its parameters, as data: headers and the OpenAPI document follow from it.

`docs/reference/versions.md` is the policy. None is deprecated today.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
ATTRIBUTE: Final = "deprecation"


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when not to use a route any more, and when it ends; with `parameters`, only these of it.

    `page` tells what to use instead. A parameter is one of the query or a header.
    """

    since: datetime
    sunset: datetime
    page: str
    parameters: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.since.utcoffset() is None or self.sunset.utcoffset() is None or self.sunset <= self.since:
            raise ValueError("a deprecation has two moments with a time zone, the end after the begin")

    def concerns(self, scope: Scope) -> bool:
        """Return whether a request of the route uses what is deprecated."""
        if not self.parameters:
            return True
        query = {name for name, _ in parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)}
        return any(name in query or name in Headers(scope=scope) for name in self.parameters)

    def write(self, headers: MutableHeaders) -> None:
        """Write `Deprecation` (RFC 9745), `Sunset` (RFC 8594), and the links to the page."""
        headers["Deprecation"] = f"@{int(self.since.timestamp())}"
        headers["Sunset"] = format_datetime(self.sunset.astimezone(UTC), usegmt=True)
        for relation in ("deprecation", "sunset"):
            headers.append("Link", f'<{self.page}>; rel="{relation}"; type="text/html"')


def deprecated(
    *, since: datetime, sunset: datetime, page: str, parameters: frozenset[str] = frozenset()
) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint, below its route, as deprecated; or some of its parameters."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, ATTRIBUTE, Deprecation(since, sunset, page, parameters))
        return endpoint

    return mark


def deprecation_of(endpoint: object) -> Deprecation | None:
    found: Deprecation | None = getattr(endpoint, ATTRIBUTE, None)
    return found


def announcing(deprecation: Deprecation | None, scope: Scope, send: Send) -> Send:
    """Return a `send` that announces the deprecation in the answer, whether it is a success or a problem."""
    if deprecation is None or scope["type"] != "http" or not deprecation.concerns(scope):
        return send

    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            deprecation.write(MutableHeaders(scope=message))
        await send(message)

    return send_with_headers


def mark_operation(operation: dict[str, Any], deprecation: Deprecation | None) -> None:
    """Mark an operation of the OpenAPI document, or its deprecated parameters, with `deprecated: true`."""
    if deprecation is None:
        return
    if not deprecation.parameters:
        operation["deprecated"] = True
    names = {name.lower() for name in deprecation.parameters}
    for parameter in operation.get("parameters", []):
        if parameter["name"].lower() in names:
            parameter["deprecated"] = True
