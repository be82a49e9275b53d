"""Problem documents: every refusal becomes one `application/problem+json` document (RFC 9457).

They never repeat text of the request: a refused form would otherwise echo its password.
"""

from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, Response

import backplane.errors
from api.methods import allowed
from api.misses import note_miss
from api.safe_messages import SAFE_MESSAGES
from api.schemas.problems import FieldProblem, Problem, ReachedLimit
from backplane.errors import (
    CORE_STATUS,
    ApplicationError,
    FileTooLarge,
    InsufficientScope,
    NotFound,
    TokenExpired,
    Unauthenticated,
    ValidationFailed,
)
from backplane.errors.factors import SecondFactorRequired
from backplane.errors.limits import LimitReached
from shield_core.errors import ShieldError

MEDIA_TYPE = "application/problem+json"
PAGES = "/docs/problems/"

OF_SUBJECTS = [import_module(f"backplane.errors.{found.name}") for found in iter_modules(backplane.errors.__path__)]
"""The modules of the subjects' refusals: they are in the catalog because they are imported here."""


class RequestMalformed(ApplicationError):
    code = "request-malformed"
    status = 400
    title = "The request is not HTTP/1.1"


class HeadersTooLarge(ApplicationError):
    code = "headers-too-large"
    status = 431
    title = "The head of the request is too large"


class MethodNotAllowed(ApplicationError):
    code = "method-not-allowed"
    status = 405
    title = "The address does not answer to this method"


class RangeNotSatisfiable(ApplicationError):
    code = "range-not-satisfiable"
    status = 416
    title = "The file does not reach to where the range begins"

    def __init__(self, size: int) -> None:
        super().__init__(f"The file has {size:,} bytes")
        self.size = size


class PreconditionFailed(ApplicationError):
    code = "precondition-failed"
    status = 412
    title = "The file is another one than the request is for"


class UnsupportedMediaType(ApplicationError):
    code = "unsupported-media-type"
    status = 415
    title = "The address does not take a body of this type"


class RequestTimeout(ApplicationError):
    code = "request-timeout"
    status = 408
    title = "The request took too long to arrive"


class AcceptSignatureInvalid(ApplicationError):
    code = "accept-signature-invalid"
    status = 400
    title = "The signature that the request asks for is not made here"


class InvalidGrant(ApplicationError):
    code = "invalid-grant"
    status = 400
    title = "The email, the password or the refresh token is not valid"


class InvalidRequest(ApplicationError):
    code = "invalid-request"
    status = 400
    title = "The token request is not valid"


class UnsupportedGrantType(ApplicationError):
    code = "unsupported-grant-type"
    status = 400
    title = "This grant type is not supported"


class BodyRefused(HTTPException):
    """A refusal while a body is read: FastAPI passes only an HTTPException through its own reading."""

    def __init__(self, error: ApplicationError) -> None:
        super().__init__(error.status)
        self.error = error


def catalog() -> dict[str, tuple[int, str]]:
    """Return status and title of every code that the API can answer with or write into a failed job."""
    own = {kind.code: (kind.status, kind.title) for kind in _descendants(ApplicationError) if "code" in vars(kind)}
    core = {
        kind.code: (CORE_STATUS[kind.code], kind.title)
        for kind in _descendants(ShieldError)
        if kind.code in CORE_STATUS and "code" in vars(kind)
    }
    return {ApplicationError.code: (ApplicationError.status, ApplicationError.title)} | core | own


def problem(
    connection: HTTPConnection,
    error: ApplicationError,
    *,
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Build the answer to a refusal."""
    return JSONResponse(
        document(error, request_id=getattr(connection.state, "request_id", None), errors=errors),
        status_code=error.status,
        media_type=MEDIA_TYPE,
        headers={"Cache-Control": "no-store"} | _headers_of(error) | dict(headers or {}),
    )


def document(
    error: ApplicationError, *, request_id: str | None = None, errors: Sequence[FieldProblem] = ()
) -> dict[str, Any]:
    """Build the body of a refusal."""
    body = Problem(
        type=PAGES + error.code,
        title=error.title,
        status=error.status,
        detail=error.detail or error.title,
        code=error.code,
        request_id=request_id,
        errors=list(errors),
        limit=ReachedLimit.model_validate(error.limit) if isinstance(error, LimitReached) else None,
        pending=error.pending if isinstance(error, SecondFactorRequired) else None,
        methods=list(error.methods) if isinstance(error, SecondFactorRequired) else None,
    )
    return body.model_dump(mode="json")


def install(app: FastAPI) -> None:
    app.add_exception_handler(ApplicationError, _refused)
    app.add_exception_handler(HTTPException, _of_the_framework)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(WebSocketRequestValidationError, _invalid)


async def _refused(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, ApplicationError)
    if isinstance(error, NotFound):
        note_miss(connection)
    return problem(connection, error, errors=_fields_of(error))


def _fields_of(error: ApplicationError) -> list[FieldProblem]:
    if error.field is None:
        return []
    code, detail = error.code.replace("-", "_"), error.detail or error.title
    return [FieldProblem(location="body", field=error.field, code=code, detail=detail)]


async def _of_the_framework(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, BodyRefused):
        return problem(connection, error.error)
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return _wrong_method(connection)
    return problem(connection, _translate(error.status_code), headers=error.headers)


async def _invalid(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError | WebSocketRequestValidationError)
    errors = [describe(one) for one in error.errors()]
    summary = "; ".join(f"{one.field}: {one.detail}" if one.field else one.detail for one in errors)
    return problem(connection, ValidationFailed(summary), errors=errors)


def _wrong_method(connection: HTTPConnection) -> Response:
    headers = {"Allow": allowed(connection)}
    if connection.scope["method"] == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
    return problem(connection, MethodNotAllowed(), headers=headers)


def _translate(status: int) -> ApplicationError:
    known = {
        HTTPStatus.UNAUTHORIZED: Unauthenticated(),
        HTTPStatus.FORBIDDEN: InsufficientScope(),
        HTTPStatus.NOT_FOUND: NotFound("There is nothing at this address"),
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: FileTooLarge(),
    }
    if status in known:
        return known[HTTPStatus(status)]
    return ApplicationError() if status >= HTTPStatus.INTERNAL_SERVER_ERROR else ValidationFailed()


def describe(error: Mapping[str, Any]) -> FieldProblem:
    """Describe the error of one field, without repeating its value."""
    place, *path = error["loc"] or ("body",)
    kind = error["type"]
    # The name of an unknown field, and the place in a broken document, are what the caller sent.
    field = None if kind in {"extra_forbidden", "json_invalid"} else ".".join(map(str, path)) or None
    return FieldProblem(
        location=str(place),
        field=field,
        code=kind,
        detail=error["msg"] if kind in SAFE_MESSAGES else "The value is not valid",
    )


def _headers_of(error: ApplicationError) -> dict[str, str]:
    if error.retry_after is not None:
        return {"Retry-After": str(error.retry_after)}
    if isinstance(error, RangeNotSatisfiable):
        return {"Content-Range": f"bytes */{error.size}"}
    if isinstance(error, TokenExpired):
        return {"WWW-Authenticate": 'Bearer error="invalid_token", error_description="The access token has expired"'}
    if error.status == HTTPStatus.UNAUTHORIZED:
        return {"WWW-Authenticate": "Bearer"}
    return {}


def _descendants(kind: type[Any]) -> Iterable[type[Any]]:
    for child in kind.__subclasses__():
        yield child
        yield from _descendants(child)
