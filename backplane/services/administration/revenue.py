"""What the tiers of all accounts cost together, and how often they changed, for the metrics of the relay."""

from backplane.db.repositories import administration
from backplane.db.session import Database
from backplane.metrics import MONTHLY_REVENUE, SUBSCRIPTION_CONVERSIONS
from backplane.services.administration.accounts import TIER_CHANGED
from backplane.services.usage.tiers import Tiers


class Revenue:
    def __init__(self, database: Database, tiers: Tiers) -> None:
        self._database = database
        self._prices = {tier.id: tier.price_per_month or 0 for tier in tiers.tiers}
        self._counted: dict[tuple[str, str], int] = {}

    async def measure(self) -> None:
        """Set both metrics from the database: they are right after a restart, and count changes by every process."""
        async with self._database.reading() as session:
            accounts = await administration.count_by_tier(session)
            changes = await administration.tier_changes(session, TIER_CHANGED)
        MONTHLY_REVENUE.set(sum(self._prices.get(tier, 0) * count for tier, count in accounts.items()))
        for (former, to), count in changes.items():
            more = count - self._counted.get((former, to), 0)
            SUBSCRIPTION_CONVERSIONS.labels(from_tier=former, to_tier=to).inc(more)
        self._counted = changes
