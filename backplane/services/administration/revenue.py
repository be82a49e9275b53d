"""What the tiers of all accounts cost together, and how often they changed: for operators and for the metrics."""

from collections.abc import Mapping
from dataclasses import dataclass

from backplane.db.repositories import administration
from backplane.db.session import Database
from backplane.metrics import MONTHLY_REVENUE, SUBSCRIPTION_CONVERSIONS
from backplane.services.administration.accounts import TIER_CHANGED
from backplane.services.usage.tiers import Tiers


@dataclass(frozen=True, slots=True)
class RevenueFigures:
    currency: str
    monthly: float
    """The prices of the tiers of all active accounts; a tier without a price of its own counts zero."""
    conversions: Mapping[tuple[str, str], int]
    """How often a tier changed, by the tiers before and after."""


class Revenue:
    def __init__(self, database: Database, tiers: Tiers) -> None:
        self._database = database
        self._currency = tiers.currency
        self._prices = {tier.id: tier.price_per_month or 0 for tier in tiers.tiers}
        self._counted: Mapping[tuple[str, str], int] = {}

    async def figures(self) -> RevenueFigures:
        async with self._database.reading() as session:
            accounts = await administration.count_by_tier(session)
            changes = await administration.tier_changes(session, TIER_CHANGED)
        monthly = sum(self._prices.get(tier, 0) * count for tier, count in accounts.items())
        return RevenueFigures(self._currency, monthly, changes)

    async def measure(self) -> None:
        """Set both metrics from the database: they are right after a restart, and count changes by every process."""
        figures = await self.figures()
        MONTHLY_REVENUE.set(figures.monthly)
        for (former, to), count in figures.conversions.items():
            more = count - self._counted.get((former, to), 0)
            SUBSCRIPTION_CONVERSIONS.labels(from_tier=former, to_tier=to).inc(more)
        self._counted = figures.conversions
