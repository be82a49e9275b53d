"""What an account has used: the month, its days, and what is stored."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from backplane.db.repositories import api_keys, memberships, usage, webhooks
from backplane.db.repositories.usage import Standing
from backplane.db.session import Database
from backplane.errors import Unauthenticated
from backplane.services.identity.api_keys import most_keys
from backplane.services.requests.caller import Caller
from backplane.services.usage.quotas import moment_of
from backplane.services.usage.rates import Bucket, Rates
from backplane.services.usage.tiers import Tier, Tiers

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Use:
    """A limit and its use; None is no limit, and no time that brings room."""

    limit: int | None
    used: int
    reset: datetime | None = None


@dataclass(frozen=True, slots=True)
class DayOfUse:
    """Charged jobs by kind, without those that were refunded, and API calls."""

    day: date
    jobs: Mapping[str, int]
    calls: int


@dataclass(frozen=True, slots=True)
class UsageReport:
    tier: Tier
    starts: date
    ends: date
    """The first day of the next month of the account."""
    encryptions: Use
    stored_bytes: Use
    members: Use
    api_keys: Use
    webhook_endpoints: Use
    api_calls: Use | None
    """Of the last hour; None without Redis."""
    calls: int
    """API calls of the month."""
    jobs: Mapping[str, int]
    days: list[DayOfUse]


class UsageReports:
    def __init__(self, database: Database, tiers: Tiers, rates: Rates) -> None:
        self._database = database
        self._tiers = tiers
        self._rates = rates

    async def month(self, caller: Caller, day: date | None = None) -> UsageReport:
        """Report the account's month that has this day, by default today."""
        async with self._database.reading() as session:
            standing = await usage.standing(session, caller.account_id, day)
            if standing is None:
                raise Unauthenticated
            rows = await usage.days(session, caller.account_id, standing.starts)
            members = await memberships.count(session, caller.account_id)
            keys = await api_keys.count_valid(session, caller.account_id)
            endpoints = await webhooks.count(session, caller.account_id)
        tier, days = self._tiers.of(caller.tier), _days(standing, rows)
        return UsageReport(
            tier=tier,
            starts=standing.starts,
            ends=standing.ends,
            encryptions=Use(tier.encryptions_per_month, standing.encryptions, moment_of(standing.ends)),
            stored_bytes=Use(tier.stored_bytes, standing.stored + standing.reserved),
            members=Use(tier.members, members),
            api_keys=Use(most_keys(tier.api_keys), keys),
            webhook_endpoints=Use(tier.webhook_endpoints, endpoints),
            api_calls=await self._calls(caller.account_id, tier),
            calls=sum(one.calls for one in days),
            jobs=_total(days),
            days=days,
        )

    async def _calls(self, account_id: UUID, tier: Tier) -> Use | None:
        bucket = bucket_of_calls(account_id, tier)
        if bucket is None:
            return Use(None, 0)
        standing = await self._rates.look(bucket)
        return None if standing is None else Use(bucket.amount, standing.used, standing.reset_at)


def bucket_of_calls(account_id: UUID, tier: Tier) -> Bucket | None:
    """Return where the API calls of an account are counted; None where the tier does not limit them."""
    if tier.api_calls_per_hour is None:
        return None
    return Bucket("api-calls", account_id.hex, tier.api_calls_per_hour, HOUR, tier.id)


def _days(standing: Standing, rows: list[usage.DayRow]) -> list[DayOfUse]:
    """Return every day of the period, also those without a job."""
    jobs, calls = defaultdict[date, dict[str, int]](dict), defaultdict[date, int](int)
    for row in rows:
        jobs[row.day][row.kind] = row.jobs
        calls[row.day] += row.calls
    number = (standing.ends - standing.starts).days
    days = [standing.starts + timedelta(days=passed) for passed in range(number)]
    return [DayOfUse(day, jobs.get(day, {}), calls.get(day, 0)) for day in days]


def _total(days: list[DayOfUse]) -> dict[str, int]:
    total = defaultdict[str, int](int)
    for one in days:
        for kind, number in one.jobs.items():
            total[kind] += number
    return dict(sorted(total.items()))
