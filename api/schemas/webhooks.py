"""Schemas of webhook endpoints and deliveries."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BaseModel, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.strict import Strict
from api.schemas.values import WholeNumber
from backplane import ids
from backplane.addresses import MAX_URL
from backplane.services.webhooks.endpoints import EndpointFacts, MadeSecret
from backplane.services.webhooks.logs import AttemptFacts, DeliveryFacts, subject_of

WEBHOOKS = "/api/v1/webhooks"
Event = Literal[
    "job.completed",
    "job.failed",
    "job.cancelled",
    "batch.completed",
    "security.dormant_api_key",
    "security.failed_log_ins",
    "security.failed_log_ins_by_address",
    "security.failed_unlocks",
    "security.id_scraping",
    "security.mass_download",
    "security.new_network",
    "security.privilege_change",
]
DisabledReason = Literal["owner", "gone", "failing"]
DeliveryStatus = Literal["pending", "sending", "delivered", "failed"]

URL_WORDS = (
    "An `https` address on port 443 or 8443 whose host leads to public addresses alone, without user, password and "
    "fragment. In networks that the operator has allowed, `http` and any port will do"
)
WebhookUrl = Annotated[str, Field(max_length=MAX_URL, examples=["https://example.org/hooks/imageshield"])]


class WebhookOptions(Strict):
    """Options of a request that makes a job: the address that is notified of its end."""

    webhook_url: Annotated[WebhookUrl | None, Field(repr=False)] = None


WEBHOOK_URL_FIELD = {
    "type": "string",
    "format": "uri",
    "maxLength": MAX_URL,
    "example": "",
    "description": f"Where to send the end of the job: docs/guides/webhooks.md. {URL_WORDS}. Signed with the secret of "
    "the account's `default` endpoint.",
}
"""The field as the forms show it."""


def check_events(value: list[str]) -> list[str]:
    if len(set(value)) != len(value):
        raise PydanticCustomError("duplicate_event", "An event occurs twice")
    return value


Events = Annotated[
    list[Event],
    Field(min_length=1, description="The events to be notified of", examples=[["job.completed", "job.failed"]]),
    AfterValidator(check_events),
]
Description = Annotated[str, Field(max_length=256, description="Your own note", examples=["the archive"])]


class NewWebhook(Strict):
    url: Annotated[WebhookUrl, Field(description=URL_WORDS)]
    events: Events
    description: Description | None = None


class WebhookChange(Strict):
    """Omitted fields do not change."""

    url: Annotated[WebhookUrl | None, Field(description=URL_WORDS)] = None
    events: Events | None = None
    description: Description | None = None
    enabled: Annotated[StrictBool | None, Field(description="Whether messages are sent to it")] = None

    @model_validator(mode="after")
    def demand_one(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("missing", "Name at least one of url, events, description, enabled")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the given fields; null means "none" for the description, and "no change" for the others."""
        named = self.model_dump(exclude_unset=True)
        return {name: value for name, value in named.items() if value is not None or name == "description"}


class Webhook(BaseModel):
    """An endpoint as its owner sees it; its secret is shown only when it is created."""

    id: Annotated[str, Field(examples=["whk_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    url: Annotated[str | None, Field(description="Null of the `default` endpoint, which is for `webhook_url`")]
    events: list[str]
    description: str | None
    enabled: bool
    disabled_reason: Annotated[
        DisabledReason | None,
        Field(description="`owner`: you; `gone`: it answered 410; `failing`: for five days no message was delivered"),
    ]
    failing_since: Annotated[datetime | None, Field(description="The first failure since the last delivery")]
    previous_secret_until: Annotated[datetime | None, Field(description="Until then the old secret signs as well")]
    created_at: datetime

    @classmethod
    def of(cls, facts: EndpointFacts, **more: Any) -> Self:
        return cls(
            id=ids.to_wire("whk", facts.id),
            url=facts.url,
            events=list(facts.events),
            description=facts.description,
            enabled=facts.enabled,
            disabled_reason=cast("DisabledReason | None", facts.disabled_reason),
            failing_since=_utc(facts.failing_since),
            previous_secret_until=_utc(facts.previous_until),
            created_at=facts.created_at.astimezone(UTC),
            **more,
        )


class WebhookWithSecret(Webhook):
    secret: Annotated[
        str,
        Field(
            description="Verifies the messages. Shown this once; a lost one is replaced by `rotate-secret`",
            examples=["whsec_…"],
            repr=False,
        ),
    ]

    @classmethod
    def made(cls, made: MadeSecret) -> "WebhookWithSecret":
        return cls.of(made.endpoint, secret=made.secret)


class WebhookPage(BaseModel):
    data: list[Webhook]
    has_more: bool = False
    next_cursor: str | None = None


class Attempt(BaseModel):
    number: int
    started_at: datetime
    outcome: Annotated[
        str | None,
        Field(
            description="`delivered`, `status` (it was no 2xx), `redirect`, `timeout`, `connection`, `tls`, "
            "`protocol`, `address` (the name leads nowhere, or where nothing is sent), `interrupted` (the "
            "sender died), `unavailable`; null while it is under way"
        ),
    ]
    status_code: int | None
    duration_ms: int | None

    @classmethod
    def of(cls, facts: AttemptFacts) -> "Attempt":
        return cls(
            number=facts.number,
            started_at=facts.started_at.astimezone(UTC),
            outcome=facts.outcome,
            status_code=facts.status_code,
            duration_ms=facts.duration_ms,
        )


class Delivery(BaseModel):
    """One message for one endpoint, with all attempts to send it."""

    id: Annotated[str, Field(examples=["whd_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    webhook_id: str
    event_id: Annotated[str, Field(description="The `webhook-id` of the message, the same in every attempt")]
    event_type: str
    subject_id: Annotated[str, Field(description="The job, batch or endpoint of the event")]
    status: DeliveryStatus
    next_attempt_at: Annotated[datetime | None, Field(description="Null unless it waits for one")]
    created_at: datetime
    attempts: list[Attempt]

    @classmethod
    def of(cls, facts: DeliveryFacts) -> "Delivery":
        return cls(
            id=ids.to_wire("whd", facts.id),
            webhook_id=ids.to_wire("whk", facts.endpoint_id),
            event_id=ids.to_wire("evt", facts.event_id),
            event_type=facts.event_type,
            subject_id=subject_of(facts),
            status=cast("DeliveryStatus", facts.status),
            next_attempt_at=_utc(facts.due_at) if facts.status == "pending" else None,
            created_at=facts.created_at.astimezone(UTC),
            attempts=[Attempt.of(one) for one in facts.attempts],
        )


class DeliveryPage(BaseModel):
    data: list[Delivery]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]


class DeliveryFilter(Strict):
    status: Annotated[
        Literal["pending", "delivered", "failed"] | None, Field(description="`pending` includes those being sent")
    ] = None
    limit: Annotated[WholeNumber, Field(ge=1, le=100)] = 20
    cursor: Annotated[str | None, Field(max_length=64, description="The `next_cursor` of the page before")] = None


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None
