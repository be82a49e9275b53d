"""The caller of a use case: its account, its actor and its rights. It is the first argument of every use case."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

NO_ACCOUNT: Final = UUID(int=0)
"""The account of the system itself: no row has this id, so an owner check with it finds nothing."""


class Actor(StrEnum):
    """The kind of caller."""

    USER = "user"
    API_KEY = "api_key"
    OPERATOR = "operator"
    """A person at the machine itself, who needs no account."""
    SYSTEM = "system"
    """A worker or the relay, on its own behalf."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Only data: it calls no service, and its fields are not checked again."""

    account_id: UUID
    """Whose data."""
    actor: Actor = Actor.USER
    scopes: frozenset[str] = frozenset()
    """What the caller may do here: what the credential allows and, for a user, the role in the account."""
    user_id: UUID | None = None
    """The user who asks; None for an API key, an operator at the machine, and the system."""
    api_key_id: UUID | None = None
    role: str | None = None
    """The user's role in the account; None for everyone else."""
    tier: str | None = None
    program: bool = False
    """Its credential is an API key or comes from `POST /auth/token`; a browser's does not."""
    rate_per_hour: int | None = None
    """The rate of an API key's own, beside that of the tier."""
    request_id: str | None = None
    address: str | None = None
    """The address of the client, as reported by trusted proxies."""
    user_agent: str | None = None

    @classmethod
    def operator(cls) -> Self:
        return cls(NO_ACCOUNT, Actor.OPERATOR)

    @classmethod
    def system(cls, account_id: UUID = NO_ACCOUNT, *, request_id: str | None = None) -> Self:
        """Return the caller for a worker or the relay; `request_id` belongs to the request that caused the work."""
        return cls(account_id, Actor.SYSTEM, request_id=request_id)


def user_of(caller: Caller) -> UUID:
    """Return the user of a caller that a credential of a user was demanded of."""
    assert caller.user_id is not None
    return caller.user_id
