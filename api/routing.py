"""Routes that read requests strictly, and answer HEAD wherever they answer GET."""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from fastapi import APIRouter, Request, Response, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.datastructures import FormData
from starlette.routing import Match
from starlette.types import Message, Receive, Scope, Send

from api.deprecation import announcing, deprecation_of
from api.requests.strict import FORM, JSON, check_query, demand_media_type, read_form, read_json

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
API = "/api/"
ASKED = "imageshield.method"
"""Key of the original method, in a scope that was routed as GET."""


class StrictRequest(Request):
    """A request whose body was read by `api.requests.strict`, for the framework to validate."""

    async def read(self, media_type: str) -> None:
        """Read the body, if there is one; the framework reports missing fields."""
        body = await self.body()
        if not body:
            return
        demand_media_type(self.headers, media_type)
        if media_type == JSON:
            self._json = read_json(body)
        else:
            self._form = FormData(list(read_form(body)))


class Route(APIRoute):
    """A route that reads strictly, and answers HEAD where it answers GET.

    A HEAD request runs the endpoint of GET, and its answer loses the body. An endpoint that changes something, or
    opens more than its headers need, checks `request.method` and answers with `head_response`.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()
        known = _query_of(self.dependant) if self.path.startswith(API) else None
        needs_account = any(needed.security_scopes_param_name for needed in self.dependant.dependencies)
        media_type = _media_type_of(self)

        async def handle_strictly(request: Request) -> Response:
            request.scope["method"] = request.scope.get(ASKED, request.method)
            # A missing credential is refused first, as everywhere.
            if known is not None and not (needs_account and _is_anonymous(request)):
                check_query(request.scope["query_string"], known)
            if media_type is not None:
                request = StrictRequest(request.scope, request.receive)
                await request.read(media_type)
            return await handle(request)

        return handle_strictly

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        return super().matches(self._as_get(scope))

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        as_get = self._as_get(scope)
        send = announcing(deprecation_of(self.endpoint), scope, send)

        async def send_head(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await super().handle(as_get, receive, send if as_get is scope else send_head)

    def _as_get(self, scope: Scope) -> Scope:
        if scope["type"] != "http" or scope["method"] != "HEAD" or "GET" not in (self.methods or ()):
            return scope
        return {**scope, "method": "GET", ASKED: "HEAD"}


def accepts_upload(*, limit: int) -> Callable[[Endpoint], Endpoint]:
    """Mark an endpoint that takes files of at most `limit` bytes together: it uses the budget of uploads.

    The body may have more: the other fields of the form. `api.requests.uploads` holds each file to its own limit.
    """

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.upload_limit = limit  # type: ignore[attr-defined]
        return endpoint

    return mark


class UploadLimits:
    """The limits that the routes of some routers declare."""

    def __init__(self, routers: Sequence[APIRouter]) -> None:
        self._limits = [
            (route.path_regex, route.endpoint.upload_limit)
            for router in routers
            for route in router.routes
            if isinstance(route, Route) and hasattr(route.endpoint, "upload_limit")
        ]

    def of(self, scope: Scope) -> int | None:
        """Return the limit of the route of the request; None if it takes no files."""
        path = scope["path"]
        return next((limit for pattern, limit in self._limits if pattern.match(path)), None)


def head_response(headers: Mapping[str, str], *, size: int | None = None, media_type: str | None = None) -> Response:
    """Answer HEAD without making the body, and without its length where that is unknown (RFC 9110, section 8.6)."""
    response = Response(media_type=media_type, headers=headers)
    del response.headers["Content-Length"]
    if size is not None:
        response.headers["Content-Length"] = str(size)
    return response


class Router(APIRouter):
    """A router of such routes."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=Route, **options)


def _is_anonymous(request: Request) -> bool:
    return "authorization" not in request.headers and "x-api-key" not in request.headers


def _media_type_of(route: APIRoute) -> str | None:
    if route.body_field is None:
        return None
    return FORM if isinstance(route.body_field.field_info, params.Form) else JSON


def _query_of(dependant: Dependant) -> dict[str, bool]:
    """Return the names of a route's query parameters, and whether each is a list."""
    known: dict[str, bool] = {}
    for needed in dependant.dependencies:
        known |= _query_of(needed)
    for field in dependant.query_params:
        kind = field.field_info.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            known |= {name: _is_list(one.annotation) for name, one in kind.model_fields.items()}
        else:
            known[field.alias] = _is_list(kind)
    return known


def _is_list(annotation: Any) -> bool:
    return getattr(annotation, "__origin__", None) is list
