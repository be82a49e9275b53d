"""Schemas of accounts and users, for operators."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field

from api.schemas.strict import Strict
from api.schemas.values import Flag, WholeNumber
from backplane import ids
from backplane.services.administration.accounts import AccountRow
from backplane.services.administration.users import UserRow

Words = Annotated[str | None, Field(min_length=1, max_length=254, pattern=r"^[^\x00-\x1f\x7f]*$")]
Cursor = Annotated[str | None, Field(max_length=64, description="The `next_cursor` of the page before")]
Reason = Annotated[
    str | None,
    Field(
        min_length=1,
        max_length=200,
        pattern=r"^[^\x00-\x1f\x7f]*$",
        description="Why. Kept with the audit trail, also after an erasure: no personal data, rather a ticket number",
    ),
]


class AccountFilter(Strict):
    q: Annotated[Words, Field(description="A part of the name, or of the user's address")] = None
    tier: Annotated[str | None, Field(pattern="^[a-z][a-z0-9-]{0,31}$", description="Only accounts of this tier")] = (
        None
    )
    state: Annotated[
        Literal["active", "suspended", "closed"] | None, Field(description="Only accounts in this state")
    ] = None
    limit: Annotated[WholeNumber, Field(ge=1, le=100)] = 20
    cursor: Cursor = None


class UserFilter(Strict):
    q: Annotated[Words, Field(description="A part of the address")] = None
    operator: Annotated[Flag | None, Field(description="Only operators, or only the others")] = None
    factor_reset: Annotated[
        Flag | None, Field(description="Only users whose reset of second factors waits for its confirmation, or others")
    ] = None
    limit: Annotated[WholeNumber, Field(ge=1, le=100)] = 20
    cursor: Cursor = None


class ManagedAccountChange(Strict):
    tier: Annotated[
        str | None,
        Field(pattern="^[a-z][a-z0-9-]{0,31}$", examples=["pro"], description="One of the table of tiers"),
    ] = None
    suspended: Annotated[bool | None, Field(strict=True, description="Whether its requests are refused")] = None
    reason: Reason = None


class ManagedUserChange(Strict):
    suspended: Annotated[bool | None, Field(strict=True, description="Whether the user is kept out")] = None
    operator: Annotated[
        bool | None, Field(strict=True, description="Whether the user is an operator of the installation")
    ] = None
    reason: Reason = None


class ManagedAccount(BaseModel):
    """An account, as operators see it: nothing of its pictures, keys or names of files."""

    account_id: Annotated[str, Field(examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    name: Annotated[str | None, Field(description="Null for a personal account")]
    personal: Annotated[bool, Field(description="Whether it is the account of one user")]
    email: Annotated[str | None, Field(description="Of the user of a personal account")]
    tier: Annotated[str, Field(examples=["enterprise"], description="The id of its tier")]
    state: Annotated[Literal["active", "suspended", "closed"], Field(description="Whether its requests are answered")]
    members: Annotated[int, Field(description="Number of its members")]
    created_at: datetime
    suspended_at: Annotated[datetime | None, Field(description="When an operator suspended it; null if it is not")]
    closed_at: Annotated[datetime | None, Field(description="When its owner closed it; null before")]

    @classmethod
    def of(cls, row: AccountRow) -> Self:
        state: Literal["active", "suspended", "closed"] = "suspended" if row.suspended_at else "active"
        return cls(
            account_id=ids.to_wire("acc", row.id),
            name=row.name,
            personal=row.personal,
            email=row.email if row.personal else None,
            tier=row.tier,
            state="closed" if row.closed_at else state,
            members=row.members,
            created_at=row.created_at,
            suspended_at=row.suspended_at,
            closed_at=row.closed_at,
        )


class FactorResetRequest(Strict):
    reason: Reason = None


class FactorReset(BaseModel):
    """The request of an operator to remove the second factors of a user, which waits for its confirmation."""

    requested_at: Annotated[datetime, Field(description="When an operator requested it")]
    requested_by: Annotated[str | None, Field(description="The address of the operator; null for one at the machine")]
    reason: Annotated[str | None, Field(description="Why, as the operator says")]
    expires_at: Annotated[datetime, Field(description="Until then it can be confirmed")]

    @classmethod
    def of(cls, row: UserRow) -> Self | None:
        if row.reset_requested_at is None or row.reset_expires_at is None:
            return None
        return cls(
            requested_at=row.reset_requested_at,
            requested_by=row.reset_requested_by,
            reason=row.reset_reason,
            expires_at=row.reset_expires_at,
        )


class ManagedUser(BaseModel):
    user_id: Annotated[
        str,
        Field(
            examples=["usr_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"],
            description="The user, as `usr_` and 32 hexadecimal digits",
        ),
    ]
    email: str
    email_verified: Annotated[bool, Field(description="Whether the user has confirmed the address")]
    operator: Annotated[bool, Field(description="Whether the user is an operator of the installation")]
    created_at: datetime
    suspended_at: Annotated[datetime | None, Field(description="When an operator suspended the user; null if not")]
    last_seen_at: Annotated[datetime | None, Field(description="In a login session that has not ended")]
    second_factor: Annotated[bool, Field(description="Whether a password alone does not log the user in")]
    factor_reset: Annotated[FactorReset | None, Field(description="A reset that waits; null without one")]

    @classmethod
    def of(cls, row: UserRow) -> Self:
        return cls(
            user_id=ids.to_wire("usr", row.id),
            email=row.email,
            email_verified=row.email_verified_at is not None,
            operator=row.operator,
            created_at=row.created_at,
            suspended_at=row.suspended_at,
            last_seen_at=row.last_seen_at,
            second_factor=row.second_factor,
            factor_reset=FactorReset.of(row),
        )


class ManagedAccountPage(BaseModel):
    data: list[ManagedAccount]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]


class ManagedUserPage(BaseModel):
    data: list[ManagedUser]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]
