"""Schemas of refusals."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class FieldProblem(BaseModel):
    """One error in a request. It never repeats text of the request."""

    location: Annotated[str, Field(description="Where: body, query, path or header", examples=["body"])]
    field: Annotated[str | None, Field(description="Which field, where it is a known one", examples=["email"])]
    code: Annotated[str, Field(description="The kind of error, for programs", examples=["missing"])]
    detail: Annotated[str, Field(description="The same for people", examples=["Field required"])]


def _absent(schema: dict[str, Any]) -> None:
    """Describe a member that is left out where it is null: with a default, generators take it for always there."""
    schema.pop("default", None)


class ReachedLimit(BaseModel):
    """The limit that refused a request."""

    model_config = ConfigDict(from_attributes=True)

    name: Annotated[str, Field(description="The field of the tier, or the policy", examples=["encryptions_per_month"])]
    limit: Annotated[int, Field(description="How much there is", examples=[10])]
    used: Annotated[int, Field(description="How much of it is used", examples=[10])]
    reset: Annotated[datetime | None, Field(description="When there is room again; null where no time brings it")]
    tier: Annotated[str | None, Field(description="The tier that sets the limit; null for one of the installation")]


class Problem(BaseModel):
    """A refusal (RFC 9457). Decide by `code`: it is stable, titles and details are for people and may change."""

    type: Annotated[str, Field(description="The page that explains the code")]
    title: str
    status: int
    detail: str
    code: str
    request_id: Annotated[str | None, Field(description="Also in the X-Request-ID header; tell it to the operator")]
    errors: Annotated[list[FieldProblem], Field(description="What is wrong with the request, of a `validation-failed`")]
    limit: Annotated[
        ReachedLimit | None,
        Field(
            description="Which limit refused the request, of a refusal for a limit",
            exclude_if=lambda value: value is None,
            json_schema_extra=_absent,
        ),
    ] = None
    pending: Annotated[
        str | None,
        Field(
            exclude_if=lambda value: value is None,
            description="With `second-factor-required` in a browser: finishes the log-in, once, within 5 minutes",
            json_schema_extra=_absent,
            repr=False,
        ),
    ] = None
    methods: Annotated[
        list[str] | None,
        Field(
            exclude_if=lambda value: value is None,
            description="With `second-factor-required`: `otp` authenticator app, `hwk` passkey, `rec` recovery code",
            json_schema_extra=_absent,
        ),
    ] = None


class OAuthProblem(Problem):
    """A refusal of the token endpoint: the members of RFC 6749, section 5.2, and those of a problem."""

    error: Annotated[
        Literal["invalid_grant", "invalid_request", "unsupported_grant_type"],
        Field(description="The code of OAuth 2.0; `code` says the same"),
    ]
    error_description: Annotated[str, Field(description="The detail, in the characters that OAuth 2.0 allows")]
