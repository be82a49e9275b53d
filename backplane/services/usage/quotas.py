"""Quotas: encryptions of a month and bytes in the store, exact for requests at the same moment.

An account with a limit submits one job after another: in one process they wait in memory, so that they do not use up
the connections of the others, and between processes at a lock of the account. An account without limits takes no lock.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID
from weakref import WeakValueDictionary

from backplane.db.models import Job
from backplane.db.repositories import usage
from backplane.db.repositories.usage import Standing
from backplane.db.session import Database, ReadSession, Session
from backplane.errors import (
    NotFound,
)
from backplane.errors.limits import LimitUse, QuotaExceeded
from backplane.kinds import KINDS
from backplane.metrics import LIMITS_REACHED
from backplane.services.requests.caller import Caller
from backplane.services.usage import ledger
from backplane.services.usage.notices import LimitNotices
from backplane.services.usage.tiers import Tier, Tiers


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that a request wants, and the bytes of its files."""

    job: Job
    size: int = 0


class Quotas:
    def __init__(self, database: Database, tiers: Tiers, notices: LimitNotices) -> None:
        self._database = database
        self._notices = notices
        self.tiers = tiers
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, caller: Caller) -> AsyncIterator[None]:
        """Wait for other submissions of an account that has limits; enter this before a transaction that charges."""
        if not _has_limits(self.tiers.of(caller.tier)):
            yield
            return
        lock = self._turns.setdefault(caller.account_id, asyncio.Lock())
        async with lock:
            yield

    async def room(self, caller: Caller, kind: str, size: int) -> "Room":
        """Read how much the account may still use, before anything is stored for it; `charge` decides.

        Raises:
            QuotaExceeded: there is no room for one job of the kind, with files of this size.
        """
        tier = self.tiers.of(caller.tier)
        if not _has_limits(tier):
            return Room(tier, None)
        async with self._database.reading() as session:
            standing = await _standing(session, caller.account_id)
        room = Room(tier, standing)
        refused = room.look(kind, size)
        if refused is not None:
            await self._tell(caller.account_id, standing, refused)
            raise refused
        return room

    async def charge(self, session: Session, caller: Caller, asked: Sequence[Asked]) -> list[QuotaExceeded | None]:
        """Charge those of the jobs that are within the account's limits, and return why the others are not."""
        tier = self.tiers.of(caller.tier)
        standing = None
        if _has_limits(tier):
            await usage.lock_account(session, caller.account_id)
            standing = await _standing(session, caller.account_id)
        room = Room(tier, standing)
        refused = [room.take(one.job.kind, one.size + (one.job.reserved_bytes or 0)) for one in asked]
        if standing is not None:
            for before, now in room.uses():
                await self._notices.used(session, caller.account_id, standing, before=before, now=now)
        admitted = [one.job for one, error in zip(asked, refused, strict=True) if error is None]
        await ledger.charge(session, caller.account_id, admitted, api_call=caller.program)
        return refused

    async def require(self, session: Session, caller: Caller, job: Job, size: int = 0) -> None:
        """Charge one job.

        Raises:
            QuotaExceeded: it is not within the account's limits; nothing may be created.
        """
        [refused] = await self.charge(session, caller, [Asked(job, size)])
        if refused is not None:
            raise refused

    async def _tell(self, account_id: UUID, standing: Standing, refused: QuotaExceeded) -> None:
        if not self._notices.is_known(account_id, standing, refused.limit.name):
            async with self._database.transaction() as session:
                await self._notices.refused(session, account_id, standing, refused.limit)


class Room:
    """What an account may still use; without a standing, as much as it likes. It counts what it has given."""

    def __init__(self, tier: Tier, standing: Standing | None) -> None:
        self.tier = tier
        self._standing = standing
        self._encryptions = standing.encryptions if standing is not None else 0
        self._bytes = standing.stored + standing.reserved if standing is not None else 0

    def uses(self) -> list[tuple[int, LimitUse]]:
        """Return for each limit what was used before, and what is used with all that was given."""
        standing, tier, uses = self._standing, self.tier, []
        if standing is not None and tier.encryptions_per_month is not None:
            reset = moment_of(standing.ends)
            use = LimitUse("encryptions_per_month", tier.encryptions_per_month, self._encryptions, reset, tier.id)
            uses.append((standing.encryptions, use))
        if standing is not None and tier.stored_bytes is not None:
            use = LimitUse("stored_bytes", tier.stored_bytes, self._bytes, None, tier.id)
            uses.append((standing.stored + standing.reserved, use))
        return uses

    def take(self, kind: str, size: int) -> QuotaExceeded | None:
        """Use room for a job; return why there is none."""
        refused = self.look(kind, size)
        if refused is None:
            self._encryptions += KINDS[kind].counts_as_encryption
            self._bytes += size
        return refused

    def hold(self, size: int) -> None:
        """Use room for a file whose job is not known yet. Raises QuotaExceeded if there is none."""
        refused = self._look_at_bytes(size)
        if refused is not None:
            raise refused
        self._bytes += size

    def look(self, kind: str, size: int) -> QuotaExceeded | None:
        most = self.tier.encryptions_per_month
        counts = KINDS[kind].counts_as_encryption
        if counts and self._standing is not None and most is not None and self._encryptions >= most:
            return _too_many(self.tier, most, self._encryptions, self._standing.ends)
        return self._look_at_bytes(size)

    def _look_at_bytes(self, size: int) -> QuotaExceeded | None:
        most = self.tier.stored_bytes
        if self._standing is None or most is None or self._bytes + size <= most:
            return None
        return _too_much(self.tier, most, self._bytes, size)


def _has_limits(tier: Tier) -> bool:
    return tier.encryptions_per_month is not None or tier.stored_bytes is not None


async def _standing(session: ReadSession, account_id: UUID) -> Standing:
    found = await usage.standing(session, account_id)
    if found is None:
        raise NotFound
    return found


def moment_of(day: date) -> datetime:
    """Return the first moment of a day in UTC."""
    return datetime.combine(day, time(), UTC)


def _too_many(tier: Tier, limit: int, used: int, ends: date) -> QuotaExceeded:
    reset = moment_of(ends)
    LIMITS_REACHED.labels(limit="encryptions_per_month").inc()
    return QuotaExceeded(
        f"The tier {tier.name} has {limit:,} encryptions a month, and {used:,} are used: the next month begins at "
        f"{reset:%Y-%m-%dT%H:%M:%SZ}",
        LimitUse("encryptions_per_month", limit, used, reset, tier.id),
        retry_after=max(1, math.ceil((reset - datetime.now(UTC)).total_seconds())),
    )


def _too_much(tier: Tier, limit: int, used: int, size: int) -> QuotaExceeded:
    LIMITS_REACHED.labels(limit="stored_bytes").inc()
    return QuotaExceeded(
        f"The tier {tier.name} stores {limit:,} bytes, {used:,} are used, and this needs {size:,}: delete jobs "
        "that you no longer need",
        LimitUse("stored_bytes", limit, used, None, tier.id),
    )
