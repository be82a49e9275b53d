"""Schemas of tickets."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field, model_validator
from pydantic_core import PydanticCustomError

from api.schemas.strict import Strict

Id = Annotated[str | None, Field(max_length=64)]


class NewTicket(Strict):
    """Exactly one of the two."""

    job_id: Annotated[Id, Field(examples=["job_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])] = None
    batch_id: Id = None

    @model_validator(mode="after")
    def name_one(self) -> Self:
        if (self.job_id is None) == (self.batch_id is None):
            raise PydanticCustomError("one_subject", "Name either job_id or batch_id")
        return self

    @property
    def subject(self) -> tuple[str, str]:
        """Return the required type of the id, and the id."""
        return ("job", self.job_id) if self.job_id is not None else ("bat", self.batch_id or "")


class Ticket(BaseModel):
    ticket: Annotated[str, Field(description="Valid for one handshake from the same origin: send it as `?ticket=`")]
    expires_at: Annotated[datetime, Field(description="30 seconds from now")]
