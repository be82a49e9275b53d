"""The kinds of job, as data: what the gateway, the database, the worker and the audit trail must know of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

INTERACTIVE, SINGLE, BATCH = range(3)
"""Priorities: somebody waits for the answer; one picture; one picture of a batch."""

RESULT, ANALYSIS = "result", "analysis"
"""Purposes of the blob that is a job's result."""

FIXED_MS = 120
FILE, PIXELS = "file", "pixels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of job. The work itself is the module of this name in `worker.kinds`."""

    name: str
    action: str
    """What the audit trail calls it, when it is submitted and when it ends."""
    priority: int
    ms_per_megapixel: Mapping[str | None, int]
    """By layout. Measured on two cores for a whole job, decoding and storing included: a first estimate."""
    result: str = RESULT
    """The purpose of the blob that is its result."""
    result_suffix: str = ""
    """What the name of its result ends with, where the result has no name of its own."""
    result_is_plaintext: bool = False
    """A decrypted picture: kept for minutes, and deleted soon after it has arrived."""
    makes_key: bool = False
    needs_secret: bool = False
    """It cannot be retried once its sealed secret is gone."""
    hides_reasons: bool = False
    """A failure says its title only: the reason would help an attacker."""

    def estimate_ms(self, pixels: int, layout: str | None = None) -> int:
        """Estimate the work for a picture, waiting not included."""
        return FIXED_MS + self.ms_per_megapixel[layout] * pixels // 1_000_000


ENCRYPT: Final = Kind(
    name="encrypt",
    action="image.encrypt",
    priority=SINGLE,
    ms_per_megapixel={PIXELS: 110, FILE: 25},
    result_suffix=".enc.png",
    makes_key=True,
)
DECRYPT: Final = Kind(
    name="decrypt",
    action="image.decrypt",
    priority=INTERACTIVE,
    ms_per_megapixel={PIXELS: 110, FILE: 25},
    result_is_plaintext=True,
    needs_secret=True,
    hides_reasons=True,
)
ANALYZE: Final = Kind(
    name="analyze",
    action="image.analyze",
    priority=INTERACTIVE,
    ms_per_megapixel={None: 150},
    result=ANALYSIS,
    result_suffix=".analysis.json",
)
AVALANCHE: Final = Kind(
    name="avalanche",
    action="image.avalanche",
    priority=INTERACTIVE,
    ms_per_megapixel={None: 7000},
    result=ANALYSIS,
    result_suffix=".avalanche.json",
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {kind.name: kind for kind in (ENCRYPT, DECRYPT, ANALYZE, AVALANCHE)}
)
