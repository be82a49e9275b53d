"""The shared equipment of a pool child."""

from dataclasses import dataclass

from backplane.services.attempts.claims import Claims
from backplane.services.exports.archives import Archives
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import EntropySource


@dataclass(frozen=True, slots=True)
class Equipment:
    """The resources that a pool child uses for all of its jobs."""

    claims: Claims
    archives: Archives
    source: EntropySource
    pool: BitPool
    threads: int
