"""Wiring of usage: tiers, quotas and rates."""

from dataclasses import dataclass
from typing import Self

from backplane.services.mail.outgoing import Mails
from backplane.services.usage.notices import LimitNotices
from backplane.services.usage.quotas import Quotas
from backplane.services.usage.rates import Rates
from backplane.services.usage.reports import UsageReports
from backplane.services.usage.tiers import Tiers
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class UsageServices:
    tiers: Tiers
    quotas: Quotas
    rates: Rates
    reports: UsageReports

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        tiers, rates = Tiers.from_settings(resources.settings), Rates.from_settings(resources.settings)
        notices = LimitNotices(Mails.from_settings(resources.settings, resources.vault))
        quotas = Quotas(resources.database, tiers, notices)
        return cls(tiers, quotas, rates, UsageReports(resources.database, tiers, rates))
