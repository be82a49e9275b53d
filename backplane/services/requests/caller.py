"""Who asks, for whom, and what they may do: the first argument of every use case."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self
from uuid import UUID

NO_ACCOUNT: Final = UUID(int=0)
"""The account of the system itself: no row has this id, so an owner check with it finds nothing."""


class Actor(StrEnum):
    """What kind of caller acts."""

    USER = "user"
    API_KEY = "api_key"
    OPERATOR = "operator"
    """A person at the machine itself, who needs no account."""
    SYSTEM = "system"
    """A worker or the relay, by itself."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Data only: it knows no service, and nothing here is checked again."""

    account_id: UUID
    """Whose data."""
    actor: Actor = Actor.USER
    scopes: frozenset[str] = frozenset()
    role: str | None = None
    """In the account; None until accounts have members."""
    tier: str | None = None
    request_id: str | None = None
    address: str | None = None
    """Where the request came from: the address of the client, as far as the proxies that are trusted tell it."""

    @classmethod
    def operator(cls) -> Self:
        return cls(NO_ACCOUNT, Actor.OPERATOR)

    @classmethod
    def system(cls, account_id: UUID = NO_ACCOUNT, *, request_id: str | None = None) -> Self:
        """Return the caller that a worker or the relay is; `request_id` is of the request that the work is for."""
        return cls(account_id, Actor.SYSTEM, request_id=request_id)
