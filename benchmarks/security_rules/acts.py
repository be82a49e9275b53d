"""Acts of a synthetic month, as the trail would record them."""

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

BEGIN = datetime(2026, 2, 23, tzinfo=UTC)
"""A Monday. The first week only teaches the rules what is usual."""

LEARNING = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Act:
    at: datetime
    action: str
    outcome: str = "success"
    account: UUID | None = None
    user: UUID | None = None
    api_key: UUID | None = None
    object: UUID | None = None
    address: str | None = None
    device: str | None = None
    details: dict[str, Any] = field(default_factory=dict)


def id_at(chance: random.Random, moment: datetime) -> UUID:
    """Return an id that was made at a moment (RFC 9562, section 5.7)."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | chance.getrandbits(12) << 64 | 0x2 << 62 | chance.getrandbits(62))


def failed(at: datetime, user: UUID | None, address: str, device: str) -> Act:
    """Return a log-in with a wrong password: in the chain of the personal account, of nobody known."""
    return Act(at, "account.login", "failure", account=user, address=address, device=device)


def logged_in(at: datetime, user: UUID, address: str, device: str) -> Act:
    return Act(at, "account.login", account=user, user=user, address=address, device=device)


def fetched(at: datetime, account: UUID, made: UUID, **who: Any) -> Act:
    return Act(at, "result.downloaded", account=account, object=made, **who)


def key_used(at: datetime, account: UUID, key: UUID, address: str) -> Act:
    return Act(at, "api_key.used", account=account, api_key=key, object=key, address=address)
