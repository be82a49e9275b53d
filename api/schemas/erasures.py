"""Schemas of erasures."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, Field

from api.schemas.strict import Strict
from backplane import ids
from backplane.services.erasure.schedule import ErasureFacts

MOST_DAYS, DEFAULT_DAYS = 30, 14
State = Literal["scheduled", "running", "done"]


class ErasureRequest(Strict):
    grace_days: Annotated[
        int,
        Field(strict=True, ge=0, le=MOST_DAYS, description="Days in which it can be canceled; 0 erases at once"),
    ] = DEFAULT_DAYS

    @property
    def grace(self) -> timedelta:
        return timedelta(days=self.grace_days)


class Erasure(BaseModel):
    """The erasure of an account."""

    id: Annotated[str, Field(examples=["ers_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    account_id: Annotated[
        str,
        Field(
            description="Your personal one is erased with your user", examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"]
        ),
    ]
    state: Annotated[State, Field(description="`scheduled` can be canceled")]
    requested_at: datetime
    erase_at: Annotated[datetime, Field(description="When it begins; it takes seconds")]
    backups_by: Annotated[
        datetime | None,
        Field(
            description="When the last backup that has the account is deleted, with the last copy of its keys. Until "
            "then, who has both a backup and a copy of the keys can decrypt. Null: the operator has not said how long "
            "backups are kept"
        ),
    ]

    @classmethod
    def of(cls, facts: ErasureFacts) -> Self:
        return cls(
            id=ids.to_wire("ers", facts.id),
            account_id=ids.to_wire("acc", facts.account_id),
            state=cast("State", facts.state),
            requested_at=facts.requested_at.astimezone(UTC),
            erase_at=facts.erase_at.astimezone(UTC),
            backups_by=facts.backups_by.astimezone(UTC) if facts.backups_by is not None else None,
        )
