"""Counts of what an account has open at once in this process: uploads, sockets and event streams."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from uuid import UUID

from backplane.errors.limits import LimitUse, TooManyAtOnce
from backplane.metrics import LIMITS_REACHED
from backplane.services.usage.tiers import Tier


class Sort(StrEnum):
    """What is counted: the fields of a tier."""

    UPLOADS = "uploads_at_once"
    SOCKETS = "sockets_at_once"
    STREAMS = "streams_at_once"


WORDS = {Sort.UPLOADS: "uploads", Sort.SOCKETS: "progress sockets", Sort.STREAMS: "event streams"}


class Counted:
    """What is open of one sort, by account."""

    def __init__(self, sort: Sort) -> None:
        self._sort = sort
        self._open: Counter[UUID] = Counter()

    def add(self, account_id: UUID, tier: Tier) -> None:
        """Count one more.

        Raises:
            TooManyAtOnce: the account has as many as its tier allows.
        """
        limit: int | None = getattr(tier, self._sort)
        used = self._open.get(account_id, 0)
        if limit is not None and used >= limit:
            LIMITS_REACHED.labels(limit=self._sort).inc()
            raise TooManyAtOnce(
                f"The tier {tier.name} has {limit:,} {WORDS[self._sort]} at once, and {used:,} are open",
                LimitUse(self._sort, limit, used, None, tier.id),
            )
        self._open[account_id] += 1

    def remove(self, account_id: UUID) -> None:
        self._open[account_id] -= 1
        if self._open[account_id] <= 0:
            del self._open[account_id]

    @contextmanager
    def held(self, account_id: UUID, tier: Tier) -> Iterator[None]:
        """Count one for the block. Raises TooManyAtOnce as `add` does."""
        self.add(account_id, tier)
        try:
            yield
        finally:
            self.remove(account_id)
