"""Schema of the caller: user, account and rights."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import BaseModel, Field

from backplane import ids
from backplane.services.identity.accounts import AccountFacts
from backplane.services.identity.principal import Principal


class Me(BaseModel):
    user_id: Annotated[str, Field(examples=["usr_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    account_id: Annotated[str, Field(examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    email: Annotated[str, Field(examples=["ada@example.org"])]
    tier: Annotated[str, Field(examples=["enterprise"])]
    operator: bool
    scopes: Annotated[list[str], Field(examples=[["jobs:read", "jobs:write", "keys:export"]])]
    created_at: datetime

    @classmethod
    def of(cls, profile: AccountFacts, principal: Principal) -> Self:
        return cls(
            # A user and their personal account have the same number.
            user_id=ids.to_wire("usr", profile.id),
            account_id=ids.to_wire("acc", profile.id),
            email=profile.email,
            tier=profile.tier,
            operator=profile.operator,
            scopes=sorted(principal.scopes),
            created_at=profile.created_at,
        )
