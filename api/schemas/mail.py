"""Schemas of the notices that a user gets by mail."""

from typing import Annotated

from pydantic import BaseModel, Field, StrictBool

from api.schemas.strict import Strict

BATCHES, LIMITS, KEYS = (
    Field(description="When a batch has ended"),
    Field(description="When a limit of the account is near or reached"),
    Field(description="When a key is due for rotation, or an API key expires"),
)


class MailPreferences(BaseModel):
    batches: Annotated[bool, BATCHES]
    limits: Annotated[bool, LIMITS]
    keys: Annotated[bool, KEYS]


class MailChoices(Strict):
    batches: Annotated[StrictBool | None, BATCHES] = None
    limits: Annotated[StrictBool | None, LIMITS] = None
    keys: Annotated[StrictBool | None, KEYS] = None
