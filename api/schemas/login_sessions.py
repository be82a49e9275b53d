"""Schemas of the list of login sessions."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field

from backplane import ids
from backplane.services.identity.login_sessions import LoginSessionFacts

PREFIX = "ses"


class LoginSession(BaseModel):
    id: Annotated[str, Field(description="The login session", examples=["ses_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    current: Annotated[bool, Field(description="Whether it is the one of this request")]
    browser: Annotated[bool, Field(description="Whether it is of a browser, and not of a program")]
    device: Annotated[str | None, Field(description="What the client says of itself", examples=["Firefox on Linux"])]
    address: Annotated[str | None, Field(description="From where it was last refreshed", examples=["203.0.113.7"])]
    methods: Annotated[
        list[str],
        Field(
            description="How you logged in: `pwd` password, `otp` authenticator app, `hwk` passkey, `rec` recovery "
            "code, `fed` another service",
            examples=[["otp", "pwd"]],
        ),
    ]
    created_at: datetime
    last_seen_at: Annotated[datetime, Field(description="When its tokens were last refreshed")]

    @classmethod
    def of(cls, facts: LoginSessionFacts, *, current: UUID | None) -> Self:
        return cls(
            id=ids.to_wire(PREFIX, facts.id),
            current=facts.id == current,
            browser=facts.browser,
            device=facts.device,
            address=facts.address,
            methods=list(facts.methods),
            created_at=facts.created_at,
            last_seen_at=facts.last_seen_at,
        )


class LoginSessions(BaseModel):
    data: Annotated[list[LoginSession], Field(description="The active ones, the last used first")]
