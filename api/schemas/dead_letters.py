"""Schemas of dead letters."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from backplane import ids
from backplane.services.jobs.dead_letters import DeadLetter as Facts


class DeadLetter(BaseModel):
    """A job that failed at every attempt."""

    job_id: str
    account_id: str
    kind: str
    attempts: int
    retries: Annotated[int, Field(description="How often the job was retried after a failure")]
    last_stage: Annotated[str, Field(description="The stage in which its last worker stopped or failed")]
    image: Annotated[dict[str, Any] | None, Field(description="Format, mode, width, height and bytes")]
    can_be_redriven: Annotated[bool, Field(description="Whether its inputs are still stored")]
    created_at: datetime
    failed_at: datetime | None

    @classmethod
    def of(cls, facts: Facts) -> "DeadLetter":
        return cls(
            job_id=ids.to_wire("job", facts.job_id),
            account_id=ids.to_wire("acc", facts.account_id),
            kind=facts.kind,
            attempts=facts.attempts,
            retries=facts.retries,
            last_stage=facts.last_stage,
            image=facts.image,
            can_be_redriven=facts.can_be_redriven,
            created_at=facts.created_at,
            failed_at=facts.failed_at,
        )


class DeadLetterPage(BaseModel):
    data: list[DeadLetter]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]
