"""Declarations of refusals in the OpenAPI document, by code."""

from collections import defaultdict
from typing import Any

from api.errors import MEDIA_TYPE, catalog

EVERYWHERE = ("internal", "unavailable", "overloaded", "rate-limited", "accept-signature-invalid")
AUTHENTICATED = ("unauthenticated", "token-expired", "api-key-expired", "insufficient-scope")
WITH_BODY = ("validation-failed", "unsupported-media-type", "file-too-large", "request-timeout")


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Declare the refusals that a route answers with, by code."""
    known = catalog()
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in dict.fromkeys((*codes, *EVERYWHERE)):
        by_status[known[code][0]].append(code)
    return {status: _declare(by_status[status]) for status in sorted(by_status)}


def _declare(codes: list[str]) -> dict[str, Any]:
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}, "examples": examples}}
    return {"description": " or ".join(f"`{code}`" for code in codes), "content": content}
