"""Refusals of the admission (api/admission.py): they follow from what an operation demands, so no route lists them."""

import copy
from collections.abc import Iterator
from typing import Any

from api.admission import ACCOUNT_HEADER
from api.answers.problems import problems
from api.errors import MEDIA_TYPE
from backplane.services.identity.permissions import EVERYBODY, PERMISSIONS

OF_API_KEYS = "api_key"
ACCOUNT_PARAMETER = "account_id"


def declare_admission(operation: dict[str, Any]) -> None:
    """Add to an operation that needs a credential how its account or its role may refuse it."""
    security = operation.get("security")
    if security:
        _add(operation["responses"], list(_codes(operation, security)))


def _codes(operation: dict[str, Any], security: list[dict[str, list[str]]]) -> Iterator[str]:
    named = {parameter["name"] for parameter in operation.get("parameters", ())} & {ACCOUNT_HEADER, ACCOUNT_PARAMETER}
    yield "account-suspended"
    if named or any(OF_API_KEYS in one for one in security):
        # The personal account of a user cannot be closed.
        yield "account-closed"
    if named:
        yield "not-found"
    scopes = {scope for one in security for scopes in one.values() for scope in scopes}
    if any(PERMISSIONS[scope].roles != EVERYBODY for scope in scopes):
        yield "insufficient-role"


def _add(responses: dict[str, Any], codes: list[str]) -> None:
    for status, declared in problems(*codes).items():
        # Routes share their declarations: a copy is changed.
        response = copy.deepcopy(responses.get(str(status), declared))
        examples = response["content"][MEDIA_TYPE]["examples"]
        examples |= declared["content"][MEDIA_TYPE]["examples"]
        response["description"] = " or ".join(f"`{code}`" for code in examples)
        responses[str(status)] = response
