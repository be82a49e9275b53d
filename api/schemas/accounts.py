"""Schemas of accounts, their members, and invitations."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self, cast

from pydantic import BaseModel, Field, SecretStr

from api.schemas.account_names import AccountName
from api.schemas.auth import Email
from api.schemas.strict import Strict
from backplane import ids
from backplane.services.organizations.acceptance import Offer
from backplane.services.organizations.accounts import MembershipFacts
from backplane.services.organizations.invitations import InvitationFacts, MadeInvitation
from backplane.services.organizations.members import MemberFacts

ACCOUNTS = "/api/v1/accounts"
Role = Literal["owner", "admin", "member", "auditor"]
AnyRole = Annotated[Role, Field(description="What the member may do: docs/reference/permissions.md")]
UserId = Annotated[str, Field(description="A member", examples=["usr_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
MAX_TOKEN = 128


class NewOrganization(Strict):
    name: AccountName


class AccountChange(Strict):
    name: AccountName


class HandOver(Strict):
    user_id: UserId


class RoleChange(Strict):
    role: AnyRole


class NewInvitation(Strict):
    email: Email
    role: Annotated[Role, Field(description="The role that the invited person gets; only an owner makes owners")]


class InvitationToken(Strict):
    token: Annotated[SecretStr, Field(max_length=MAX_TOKEN, description="What follows `#token=` in the link")]


class Membership(BaseModel):
    """An account as one of its members sees it."""

    account_id: Annotated[str, Field(examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    name: Annotated[str | None, Field(description="Null of a personal account: show your address", examples=["Team"])]
    personal: Annotated[bool, Field(description="Whether it is the account that came with your user")]
    role: Annotated[Role | None, Field(description="Your role in it; null for an API key")]
    tier: Annotated[str, Field(examples=["enterprise"])]
    suspended_at: Annotated[datetime | None, Field(description="When an operator suspended it; null if none did")]
    closed_at: Annotated[datetime | None, Field(description="When an owner closed it; null while it is open")]
    created_at: datetime

    @classmethod
    def of(cls, facts: MembershipFacts) -> Self:
        return cls(
            account_id=ids.to_wire("acc", facts.id),
            name=facts.name,
            personal=facts.personal,
            role=cast("Role | None", facts.role),
            tier=facts.tier,
            suspended_at=_utc(facts.suspended_at),
            closed_at=_utc(facts.closed_at),
            created_at=facts.created_at.astimezone(UTC),
        )


class MembershipPage(BaseModel):
    data: Annotated[list[Membership], Field(description="The personal account first, then by name")]
    has_more: bool = False
    next_cursor: str | None = None


class Member(BaseModel):
    user_id: UserId
    email: Annotated[str, Field(examples=["ada@example.org"])]
    role: AnyRole
    joined_at: Annotated[datetime, Field(description="Since when the user is a member")]

    @classmethod
    def of(cls, facts: MemberFacts) -> Self:
        return cls(
            user_id=ids.to_wire("usr", facts.user_id),
            email=facts.email,
            role=cast("Role", facts.role),
            joined_at=facts.joined_at.astimezone(UTC),
        )


class MemberPage(BaseModel):
    data: Annotated[list[Member], Field(description="The first member first")]
    has_more: bool = False
    next_cursor: str | None = None


class Invitation(BaseModel):
    """An open invitation. Its link is known to who gets the mail, and to nobody else."""

    id: Annotated[str, Field(examples=["inv_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    email: Annotated[str, Field(description="The invited address", examples=["ada@example.org"])]
    role: AnyRole
    invited_by: Annotated[str, Field(description="Who invited", examples=["usr_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    sent_at: Annotated[datetime, Field(description="The time of the last mail")]
    expires_at: Annotated[datetime, Field(description="Until then it can be accepted")]
    created_at: datetime

    @classmethod
    def of(cls, facts: InvitationFacts, **more: str | None) -> Self:
        return cls(
            id=ids.to_wire("inv", facts.id),
            email=facts.email,
            role=cast("Role", facts.role),
            invited_by=ids.to_wire("usr", facts.invited_by),
            sent_at=facts.sent_at.astimezone(UTC),
            expires_at=facts.expires_at.astimezone(UTC),
            created_at=facts.created_at.astimezone(UTC),
            **more,
        )


class InvitationWithLink(Invitation):
    link: Annotated[
        str | None,
        Field(
            description="The link, where this installation sends no mail: give it to the invited person. Else null",
            repr=False,
        ),
    ]

    @classmethod
    def made(cls, made: MadeInvitation) -> "InvitationWithLink":
        return cls.of(made.invitation, link=made.link)


class InvitationPage(BaseModel):
    data: list[Invitation]
    has_more: bool = False
    next_cursor: str | None = None


class InvitationOffer(BaseModel):
    """What a link offers."""

    account_name: Annotated[str, Field(description="The name of the account", examples=["Radiology"])]
    inviter: Annotated[str, Field(description="The address of who invites", examples=["ada@example.org"])]
    email: Annotated[str, Field(description="The invited address: log in with it, or register it first")]
    role: AnyRole
    expires_at: Annotated[datetime, Field(description="Until then it can be accepted")]

    @classmethod
    def of(cls, offer: Offer) -> Self:
        return cls(
            account_name=offer.account_name,
            inviter=offer.inviter,
            email=offer.email,
            role=cast("Role", offer.role),
            expires_at=offer.expires_at.astimezone(UTC),
        )


def _utc(time: datetime | None) -> datetime | None:
    return time.astimezone(UTC) if time is not None else None
