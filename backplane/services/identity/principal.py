"""The principal of a request: what a verified credential says."""

from dataclasses import dataclass
from uuid import UUID

PASSWORD = "pwd"  # noqa: S105 - a method, not a password
ONE_TIME_PASSWORD = "otp"  # noqa: S105
PASSKEY = "hwk"
RECOVERY_CODE = "rec"
FEDERATED = "fed"
"""How a user authenticated, as `amr` says it: the first three are values of RFC 8176, the last two are ours."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A user in a login session, or an API key."""

    account_id: UUID
    """The account of a request that names none: the user's personal one, or the API key's own."""
    scopes: frozenset[str]
    user_id: UUID | None = None
    session_id: UUID | None = None
    api_key_id: UUID | None = None
    expires_at: int | None = None
    """Seconds since 1970; None for an API key that never expires."""
    auth_time: int | None = None
    """When the user last proved who they are; None where that is unknown."""
    methods: frozenset[str] = frozenset()
    browser: bool = False
    rate_per_hour: int | None = None
    """The rate of an API key's own; None where only that of the account applies."""
    made_by: UUID | None = None
    """The user who made the API key; it does no more than they may."""

    @property
    def holders(self) -> tuple[UUID, ...]:
        """The ids whose revocation ends this credential at once."""
        return tuple(one for one in (self.session_id, self.api_key_id) if one is not None)
