"""Counts of a source's measurements over several draws: numbers for the statement, without the bits."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shield_core.quantum.health import Report
from shield_core.quantum.measurement import Measurement


@dataclass(slots=True)
class Tally:
    """Sums over measurements of one source.

    `draws` counts the used measurements and `discarded` those that failed a health test; `bits` were measured; `shots`
    is None if the source has no qubits; `credited_bits` never exceeds the bits that were used.
    """

    draws: int = 0
    discarded: int = 0
    bits: int = 0
    shots: int | None = None
    credited_bits: int = 0
    extraction: dict[str, Any] | None = None
    measured_at: datetime | None = None
    health: Report | None = None

    def add(self, measurement: Measurement) -> None:
        """Count a measurement, without reading its bits."""
        qubits = measurement.source.describe().get("qubits")
        if isinstance(qubits, int):
            self.shots = (self.shots or 0) - (-measurement.measured_bits // qubits)
        self.draws += 1
        self.bits += measurement.measured_bits
        self.credited_bits += measurement.credited_bits
        self.extraction = measurement.extraction
        self.measured_at = measurement.measured_at
        self.health = joined(self.health, measurement.health)


def joined(before: Report | None, after: Report | None) -> Report | None:
    """Join two reports with the same cut-offs; either may be missing."""
    if before is None or after is None:
        return before or after
    return replace(after, samples=before.samples + after.samples, startup=before.startup or after.startup)
