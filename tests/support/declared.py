"""Every refusal that a test meets must be in the OpenAPI document: the code, at the route, with its status."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx

from api.app import create_app

PROBLEM = "application/problem+json"
OUTSIDE = {"not-found", "method-not-allowed", "precondition-failed"}
"""The codes of files, and of an address or a method that no operation has."""


class UndeclaredProblem(AssertionError):
    """An answer that the document does not have."""


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    pattern: re.Pattern[str]
    codes: dict[str, frozenset[str]]
    """By status."""


class DeclaredTransport(httpx.AsyncBaseTransport):
    """Compare each refusal with the document, which is the same for every application."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._inner.handle_async_request(request)
        if response.headers.get("Content-Type", "").startswith(PROBLEM) and request.method != "HEAD":
            await response.aread()
            if "Content-Encoding" not in response.headers:
                require_declared(request, response)
        return response

    async def aclose(self) -> None:
        await self._inner.aclose()


def require_declared(request: httpx.Request, response: httpx.Response) -> None:
    """Raise UndeclaredProblem for a refusal that the document does not have at its route."""
    code, path, status = response.json()["code"], request.url.path, str(response.status_code)
    found = next((one for one in _operations() if one.method == request.method and one.pattern.match(path)), None)
    known = found.codes.get(status, frozenset()) if found is not None else OUTSIDE
    if code not in known:
        raise UndeclaredProblem(f"{request.method} {path} answers {status} {code}, which its document does not have")


@cache
def _operations() -> tuple[Operation, ...]:
    # The address without parameters goes first: `/keys/current` is none of `/keys/{api_key_id}`.
    return tuple(sorted(_read(create_app().openapi()), key=lambda one: one.pattern.pattern.count("[^/]")))


def _read(document: dict[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        pattern = re.compile("".join(_piece(one) for one in re.split(r"(\{\w+\})", path)) + r"\Z")
        for method, operation in item.items():
            codes = {status: frozenset(_codes(response)) for status, response in operation["responses"].items()}
            yield Operation(method.upper(), pattern, codes)


def _piece(text: str) -> str:
    return "[^/]+" if text.startswith("{") else re.escape(text)


def _codes(response: dict[str, Any]) -> Iterator[str]:
    for content in response.get("content", {}).values():
        yield from content.get("examples", {})
