"""Refusals of the token endpoint, in the form of OAuth 2.0 (RFC 6749, section 5.2) with the members of a problem.

OAuth libraries recognize a refusal by `error` in a JSON document with the status 400, whatever else it holds.
"""

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.answers.problems import problems
from api.errors import (
    MEDIA_TYPE,
    InvalidGrant,
    InvalidRequest,
    UnsupportedGrantType,
    UnsupportedMediaType,
    describe,
    document,
)
from api.routing import Route
from api.schemas.problems import FieldProblem, OAuthProblem
from backplane.errors import ApplicationError, Unauthenticated
from backplane.errors.factors import ClockWrong, CodeWrong

GRANT_TYPE = "grant_type"


class OAuthRoute(Route):
    """A route for OAuth clients. A refusal that the RFC does not define, such as an overload, is a problem as usual."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError as error:
                errors = [describe(one) for one in error.errors()]
                return _refuse(request, _of_invalid(errors), errors)
            except UnsupportedMediaType as error:
                return _refuse(request, InvalidRequest(error.detail))
            except (Unauthenticated, CodeWrong, ClockWrong) as error:
                return _refuse(request, InvalidGrant(str(error)))
            except HTTPException as error:
                if error.status_code != HTTPStatus.BAD_REQUEST:
                    raise
                return _refuse(request, InvalidRequest("The body is not a well-formed form"))

        return answer


CODES = tuple(kind.code for kind in (InvalidGrant, InvalidRequest, UnsupportedGrantType))


def oauth_members(code: str, detail: str) -> dict[str, str]:
    """Write a problem's code and detail as the members of RFC 6749, section 5.2."""
    return {"error": code.replace("-", "_"), "error_description": _describe(detail)}


def oauth_problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Declare the refusals of an OAuth route: those of the RFC, and as problems the other `codes`."""
    declared = problems(*CODES, *codes)
    [content] = declared[InvalidGrant.status]["content"].values()
    of_oauth = {"examples": {code: content["examples"].pop(code) for code in CODES}}
    declared[InvalidGrant.status] |= {
        "model": OAuthProblem,
        "content": {"application/json": of_oauth, MEDIA_TYPE: content},
    }
    return declared


def _of_invalid(errors: list[FieldProblem]) -> ApplicationError:
    summary = "; ".join(f"{one.field}: {one.detail}" if one.field else one.detail for one in errors)
    unsupported = any(one.field == GRANT_TYPE and one.code == "literal_error" for one in errors)
    return UnsupportedGrantType(summary) if unsupported else InvalidRequest(summary)


def _refuse(request: Request, error: ApplicationError, errors: list[FieldProblem] | None = None) -> Response:
    problem = document(error, request_id=request.state.request_id, errors=errors or [])
    body = oauth_members(error.code, problem["detail"]) | problem
    return JSONResponse(body, status_code=error.status, headers={"Cache-Control": "no-store"})


def _describe(detail: str) -> str:
    # The characters that section 5.2 allows.
    return "".join(character if " " <= character <= "~" and character not in '"\\' else "'" for character in detail)
