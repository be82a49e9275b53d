"""Wiring of usage: the tiers."""

from dataclasses import dataclass
from typing import Self

from backplane.services.usage.tiers import Tiers
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class UsageServices:
    tiers: Tiers

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        return cls(Tiers.from_settings(resources.settings))
