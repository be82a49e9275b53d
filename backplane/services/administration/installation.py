"""The whole installation in figures: accounts, use of the month, what is stored, revenue, and the queue."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from backplane.db.repositories import installation
from backplane.db.repositories.installation import KindRow, QueueRow, TierRow, TopRow, Totals
from backplane.db.session import Database
from backplane.services.administration.revenue import Revenue, RevenueFigures

__all__ = ["Installation", "QueueRow", "UsageFigures"]


@dataclass(frozen=True, slots=True)
class UsageFigures:
    totals: Totals
    accounts: Sequence[TierRow]
    jobs: Sequence[KindRow]
    top: Sequence[TopRow]
    revenue: RevenueFigures


class Installation:
    def __init__(self, database: Database, revenue: Revenue) -> None:
        self._database = database
        self._revenue = revenue
        self._turn = asyncio.Lock()

    async def usage(self) -> UsageFigures:
        """Count what all accounts use. One request at a time counts in a process: it reads every entry of the month."""
        async with self._turn, self._database.reading() as session:
            totals = await installation.totals(session)
            accounts = await installation.accounts_by_tier(session)
            jobs = await installation.jobs_of_month(session)
            top = await installation.top_accounts(session)
        return UsageFigures(totals, accounts, jobs, top, await self._revenue.figures())

    async def queue(self) -> QueueRow:
        async with self._database.reading() as session:
            return await installation.queue(session)
