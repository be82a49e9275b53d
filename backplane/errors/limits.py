"""Refusals for limits in number: each says the limit, its use and its reset.

ApplicationError
└── LimitReached                            429
    ├── RateLimited, TooManyAtOnce               with Retry-After
    ├── QuotaExceeded                            with Retry-After, unless no time brings room
    └── TooManyMembers, TooManyApiKeys,
        TooManyWebhooks                     409  until some are removed
"""

from dataclasses import dataclass
from datetime import datetime

from backplane.errors import ApplicationError


@dataclass(frozen=True, slots=True)
class LimitUse:
    """A limit that a request has reached."""

    name: str
    """The field of the tier, or the name of the policy in `RateLimit-Policy`."""
    limit: int
    used: int
    reset: datetime | None = None
    """When there is room again; None if no time brings it."""
    tier: str | None = None
    """The tier that sets the limit; None for a limit of the installation."""


class LimitReached(ApplicationError):
    """A limit in number; the body of the refusal has it as `limit`."""

    status = 429
    title = "A limit is reached"

    def __init__(self, detail: str, limit: LimitUse, *, retry_after: int | None = None) -> None:
        super().__init__(detail, retry_after=retry_after)
        self.limit = limit


class RateLimited(LimitReached):
    code = "rate-limited"
    title = "Too many requests in a short time"


class TooManyAtOnce(LimitReached):
    code = "too-many-at-once"
    title = "Too many of these are open at once"
    retry_after = 1


class QuotaExceeded(LimitReached):
    code = "quota-exceeded"
    title = "The quota of the account is used up"


class TooManyMembers(LimitReached):
    code = "too-many-members"
    status = 409
    title = "The account has as many members as it may have"


class TooManyApiKeys(LimitReached):
    code = "too-many-api-keys"
    status = 409
    title = "The account has as many API keys as it may have"


class TooManyWebhooks(LimitReached):
    code = "too-many-webhooks"
    status = 409
    title = "The account has as many webhook endpoints as it may have"
