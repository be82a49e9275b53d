"""Pools of random bits, and the keys of receipts."""

from dataclasses import dataclass
from typing import Self

from backplane.services.entropy.pools import EntropyPools
from backplane.services.entropy.receipts import Receipts
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class EntropyServices:
    pools: EntropyPools
    receipts: Receipts

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        return cls(EntropyPools(resources.bus), Receipts(resources.vault))
