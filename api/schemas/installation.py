"""Schemas of what an installation offers before anybody has logged in."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from backplane.services.usage.tiers import Tiers as Table
from shield_core.cipher.purity import Purity


class Setup(BaseModel):
    empty: Annotated[bool, Field(description="Whether there is no account yet")]
    operator: Annotated[bool, Field(description="Whether there is an operator")]
    registration: Annotated[Literal["open", "closed", "invitation", "domains"], Field(description="Who may register")]
    mail: Annotated[bool, Field(description="Whether it sends mails: without them, no forgotten password is replaced")]
    outbox: Annotated[bool, Field(description="Whether mails go to a folder, which operators read in the console")]
    mail_verification: Annotated[bool, Field(description="Whether a registration has to be confirmed by mail")]
    proof_of_work: Annotated[bool, Field(description="Whether a registration needs a solved challenge")]


class Tier(BaseModel):
    """Null is no limit, and no price of its own."""

    model_config = ConfigDict(from_attributes=True)

    id: Annotated[str, Field(examples=["pro"])]
    name: Annotated[str, Field(examples=["Pro"])]
    price_per_month: Annotated[float | None, Field(examples=[29])]
    encryptions_per_month: Annotated[int | None, Field(examples=[500])]
    file_bytes: Annotated[int | None, Field(examples=[50_000_000])]
    purities: list[Purity]
    analytics: Literal["basic", "full"]
    api_calls_per_hour: Annotated[int | None, Field(examples=[100])]
    stored_bytes: Annotated[int | None, Field(examples=[100_000_000_000])]
    uploads_at_once: Annotated[int | None, Field(examples=[16])]
    sockets_at_once: Annotated[int | None, Field(examples=[200])]
    streams_at_once: Annotated[int | None, Field(examples=[200])]
    webhook_endpoints: Annotated[int | None, Field(examples=[10])]
    members: Annotated[int | None, Field(examples=[10])]
    api_keys: Annotated[int | None, Field(examples=[20])]
    account_requests_per_minute: Annotated[int | None, Field(examples=[12_000])]
    user_requests_per_minute: Annotated[int | None, Field(examples=[6_000])]
    api_key_requests_per_minute: Annotated[int | None, Field(examples=[3_000])]


class Tiers(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    currency: Annotated[str, Field(examples=["USD"])]
    default: Annotated[str, Field(description="The tier of new accounts", examples=["enterprise"])]
    tiers: list[Tier]

    @classmethod
    def of(cls, table: Table) -> Self:
        return cls.model_validate(table)
