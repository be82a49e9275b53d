"""Schemas of API keys."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from typing import Annotated, Any, Literal, Self, cast

from pydantic import AfterValidator, BaseModel, Field, StrictInt, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.strict import Strict
from api.schemas.values import Flag
from backplane import ids
from backplane.services.identity.api_keys import ApiKeyFacts, MadeApiKey, NewApiKey
from backplane.services.identity.permissions import PERSONAL, SCOPES

API_KEYS = "/api/v1/auth/keys"
MAX_NAME = 100
MAX_NETWORKS = 20
MAX_DAYS = 3650
MAX_RATE = 1_000_000
MAX_GRACE_HOURS = 168
GRANTED = sorted(SCOPES - PERSONAL)


def check_name(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        raise PydanticCustomError("unfit_name", "A line of printable characters, without spaces around it")
    return value


def check_scopes(value: list[str]) -> list[str]:
    if len(set(value)) != len(value):
        raise PydanticCustomError("duplicate_scope", "A scope occurs twice")
    if not set(value) <= set(GRANTED):
        raise PydanticCustomError("unknown_scope", "The scopes of keys are {known}", {"known": ", ".join(GRANTED)})
    return value


def check_networks(value: list[str]) -> list[str]:
    try:
        return list(dict.fromkeys(str(ip_network(one)) for one in value))
    except ValueError:
        raise PydanticCustomError(
            "unfit_network", "Addresses or networks such as 192.0.2.7 and 2001:db8::/32, with zeros after the prefix"
        ) from None


Name = Annotated[
    str,
    Field(min_length=1, max_length=MAX_NAME, description="Your own name for it", examples=["nightly archive"]),
    AfterValidator(check_name),
]
Scopes = Annotated[
    list[str],
    Field(
        min_length=1,
        description="What it may do: nothing that you may not do yourself",
        examples=[["jobs:read", "jobs:write", "results:read"]],
        json_schema_extra={"items": {"type": "string", "enum": GRANTED}},
    ),
    AfterValidator(check_scopes),
]
Networks = Annotated[
    list[Annotated[str, Field(max_length=64)]],
    Field(
        min_length=1,
        max_length=MAX_NETWORKS,
        description="The addresses and networks from which it may be used; null: from anywhere",
        examples=[["192.0.2.0/24", "2001:db8::/32"]],
    ),
    AfterValidator(check_networks),
]
Rate = Annotated[
    StrictInt, Field(ge=1, le=MAX_RATE, description="Its own limit of calls an hour; null: only that of the account")
]


class CreateApiKey(Strict):
    name: Name
    scopes: Scopes
    expires_in_days: Annotated[
        StrictInt | None, Field(ge=1, le=MAX_DAYS, description="How long it is valid; null: until it is revoked")
    ] = None
    networks: Networks | None = None
    rate_per_hour: Rate | None = None

    def wanted(self) -> NewApiKey:
        return NewApiKey(
            name=self.name,
            scopes=self.scopes,
            lifetime=timedelta(days=self.expires_in_days) if self.expires_in_days is not None else None,
            networks=self.networks,
            rate_per_hour=self.rate_per_hour,
        )


class ApiKeyChange(Strict):
    """Omitted fields do not change. Null removes the networks or the rate."""

    name: Name | None = None
    networks: Networks | None = None
    rate_per_hour: Rate | None = None

    @model_validator(mode="after")
    def demand_one(self) -> Self:
        if not self.model_fields_set:
            raise PydanticCustomError("missing", "Name at least one of name, networks, rate_per_hour")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the given fields; a null name means "no change"."""
        named = self.model_dump(exclude_unset=True)
        return {name: value for name, value in named.items() if value is not None or name != "name"}


class ApiKeyFilter(Strict):
    revoked: Annotated[Flag, Field(description="Also those that were revoked in the last 90 days")] = False


class ApiKeyRotation(Strict):
    grace_hours: Annotated[
        StrictInt, Field(ge=0, le=MAX_GRACE_HOURS, description="How long the old key is valid beside the new one")
    ] = 24


class ApiKey(BaseModel):
    """An API key as those see it who manage it; its secret is shown only when it is made."""

    id: Annotated[str, Field(examples=["apk_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    account_id: Annotated[str, Field(examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    name: str
    prefix: Annotated[str, Field(description="How its secret begins", examples=["qis_live_0123"])]
    scopes: list[str]
    rate_per_hour: int | None
    networks: list[str] | None
    status: Annotated[
        Literal["active", "replaced", "expired", "revoked"],
        Field(description="`replaced`: by a rotation, and valid until `grace_until`"),
    ]
    created_by: Annotated[str | None, Field(examples=["usr_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: Annotated[datetime | None, Field(description="To the minute")]
    replaced_by: Annotated[str | None, Field(description="The id of its successor")]
    grace_until: datetime | None
    revoked_at: Annotated[datetime | None, Field(description="Only a list that was asked for them has revoked keys")]

    @classmethod
    def of(cls, facts: ApiKeyFacts, **more: Any) -> Self:
        return cls(
            id=ids.to_wire("apk", facts.id),
            account_id=ids.to_wire("acc", facts.account_id),
            name=facts.name,
            prefix=facts.prefix,
            scopes=list(facts.scopes),
            rate_per_hour=facts.rate_per_hour,
            networks=list(facts.networks) if facts.networks is not None else None,
            status=cast('Literal["active", "replaced", "expired", "revoked"]', facts.status),
            created_by=ids.to_wire("usr", facts.created_by) if facts.created_by is not None else None,
            created_at=facts.created_at.astimezone(UTC),
            expires_at=_utc(facts.expires_at),
            last_used_at=_utc(facts.last_used_at),
            replaced_by=ids.to_wire("apk", facts.replaced_by) if facts.replaced_by is not None else None,
            grace_until=_utc(facts.grace_until),
            revoked_at=_utc(facts.revoked_at),
            **more,
        )


class ApiKeyWithSecret(ApiKey):
    secret: Annotated[
        str,
        Field(description="The key itself. Shown this once; a lost one is replaced by `rotate`", repr=False),
    ]

    @classmethod
    def made(cls, made: MadeApiKey) -> "ApiKeyWithSecret":
        return cls.of(made.key, secret=made.secret)


class ApiKeyPage(BaseModel):
    data: list[ApiKey]
    has_more: bool = False
    next_cursor: str | None = None


def _utc(moment: datetime | None) -> datetime | None:
    return moment.astimezone(UTC) if moment is not None else None
