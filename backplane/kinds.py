"""The kinds of job, as data for the gateway, the database, the worker and the audit trail."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from backplane.actions import Action

INTERACTIVE, SINGLE, BATCH = range(3)
"""Priorities: a caller waits for the answer; a single picture; a picture of a batch."""

RESULT, ANALYSIS, EXPORTED = "result", "analysis", "export"
"""Purposes of the blob that holds a job's result."""

FIXED_MS = 120
FILE, PIXELS = "file", "pixels"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of job. The work itself is the module of this name in `worker.kinds`."""

    name: str
    action: Action
    """The action in the audit trail, for its submission and its end."""
    priority: int
    ms_per_megapixel: Mapping[str | None, int]
    """By layout. A first estimate, measured on two cores for a whole job, decoding and storing included."""
    result: str = RESULT
    """The purpose of the blob that is its result."""
    result_suffix: str = ""
    """Suffix of its result's file name, for a result without its own name."""
    result_is_plaintext: bool = False
    """The result is a decrypted picture: kept for minutes, and deleted soon after its owner has received it."""
    result_scope: str = "results:read"
    """The permission that fetches its result."""
    result_days: int | None = None
    """How long its result is kept at most, whatever the retention of jobs."""
    makes_key: bool = False
    needs_secret: bool = False
    """It cannot be retried after its sealed secret is deleted."""
    counts_as_encryption: bool = False
    """It uses the monthly quota of encryptions."""
    hides_reasons: bool = False
    """A failure shows only its title: the reason would help an attacker."""

    def estimate_ms(self, pixels: int, layout: str | None = None) -> int:
        """Estimate the work for a picture, without waiting time."""
        return FIXED_MS + self.ms_per_megapixel[layout] * pixels // 1_000_000


ENCRYPT: Final = Kind(
    name="encrypt",
    action="image.encrypt",
    priority=SINGLE,
    ms_per_megapixel={PIXELS: 110, FILE: 25},
    result_suffix=".enc.png",
    makes_key=True,
    counts_as_encryption=True,
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

EXPORT: Final = Kind(
    name="export",
    action="account.export",
    priority=BATCH,
    ms_per_megapixel={None: 0},
    result=EXPORTED,
    result_suffix=".export.zip",
    result_scope="account:own",
    result_days=7,
)

KINDS: Final[Mapping[str, Kind]] = MappingProxyType(
    {kind.name: kind for kind in (ENCRYPT, DECRYPT, ANALYZE, AVALANCHE, EXPORT)}
)
