"""Measurement: the only way to get raw bits from a source, always with health tests and, if needed, an extractor."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from weakref import WeakKeyDictionary

from shield_core.errors import EntropyError, HealthTestFailed, SourceFailed
from shield_core.quantum.deadlines import ask
from shield_core.quantum.extract import Extraction, plan
from shield_core.quantum.health import BLOCK, SEEDS, Cutoffs, Monitor, Report
from shield_core.quantum.sources import EntropySource

_MONITORS: Final[WeakKeyDictionary[EntropySource, Monitor]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Measurement:
    """Tested raw bits of one source. The user of `raw` must wipe it.

    For a source with biased bits, `raw` is the output of the extractor from `measured_bits` measured and tested bits,
    and `extraction` describes the extractor.
    """

    raw: bytearray = field(repr=False)
    source: EntropySource
    health: Report
    measured_at: datetime
    measured_bits: int
    extraction: dict[str, Any] | None = None

    @property
    def credited_bits(self) -> int:
        """The min-entropy that may be claimed for `raw`: zero for a simulator, and never more than its length."""
        return min(int(self.measured_bits * self.source.credited_bits_per_bit), len(self.raw) * 8)


@dataclass(frozen=True, slots=True)
class Alarm:
    """The reason and time of a source's last failure."""

    reason: str
    at: datetime


_ALARMS: Final[WeakKeyDictionary[EntropySource, Alarm]] = WeakKeyDictionary()


def measure(source: EntropySource, n_bits: int, *, cutoffs: Cutoffs = SEEDS) -> Measurement:
    """Draw fresh raw bits and test all of them before any use.

    Args:
        source: Its health is tracked across calls for the life of the object.
        n_bits: A multiple of 4096. A source with biased bits (`UnevenSource`) is asked for more, as many as the
            extractor needs.
        cutoffs: `health.SEEDS` or `health.BULK`.

    Raises:
        SourceFailed: the source raised any exception, did not answer in time, or returned another number of bits. The
            message and traceback of a foreign exception are not passed on: Aer quotes a seed that it refuses.
        HealthTestFailed: the bits failed a test, and were discarded.
        ValueError: not a positive multiple of 4096 bits.
    """
    if n_bits < 1 or n_bits % BLOCK:
        raise ValueError("raw bits are measured in blocks of 4096")
    try:
        return _measure(source, n_bits, cutoffs)
    except EntropyError as error:
        failed = f"the source failed the health test {error}" if isinstance(error, HealthTestFailed) else str(error)
        _ALARMS[source] = Alarm(failed, datetime.now(UTC))
        raise


def last_alarm(source: EntropySource) -> Alarm | None:
    """Return the reason and time of a source's last failure in this process, or None."""
    return _ALARMS.get(source)


def wipe(raw: bytearray) -> None:
    """Overwrite bits with zeros after use, or if they must not be used. Python cannot guarantee more."""
    raw[:] = bytes(len(raw))


def _measure(source: EntropySource, n_bits: int, cutoffs: Cutoffs) -> Measurement:
    min_entropy = getattr(source, "min_entropy_per_bit", None)
    extraction = None if min_entropy is None else plan(n_bits, min_entropy)
    raw = _ask(source, n_bits if extraction is None else extraction.raw_bits)
    monitor = _MONITORS.setdefault(source, Monitor())
    try:
        health = monitor.check(raw, cutoffs)
    except HealthTestFailed:
        wipe(raw)
        raise
    return _measurement(raw, source, health, extraction)


def _measurement(raw: bytearray, source: EntropySource, health: Report, extraction: Extraction | None) -> Measurement:
    measured_at, measured_bits, said = datetime.now(UTC), len(raw) * 8, None
    if extraction is not None:
        try:
            even, said = extraction.apply(raw), extraction.to_json()
        finally:
            wipe(raw)
        raw = even
    return Measurement(
        raw=raw,
        source=source,
        health=health,
        measured_at=measured_at,
        measured_bits=measured_bits,
        extraction=said,
    )


def _ask(source: EntropySource, n_bits: int) -> bytearray:
    raw: object = None
    failure = ""
    try:
        raw = ask(source, n_bits)
    except SourceFailed as error:
        failure = f"failed: {error}"
    except Exception as error:  # noqa: BLE001 - a source may fail in any way, and the job continues
        failure = f"raised {type(error).__name__}"
    if failure:
        raise SourceFailed(f"The source {source.name} {failure}")
    if not isinstance(raw, bytes | bytearray) or len(raw) * 8 != n_bits:
        raise SourceFailed(f"The source {source.name} did not return the {n_bits} bits that were asked for")
    return bytearray(raw)


# A lock that another thread held while this process was forked would never be released; a fresh start-up test costs
# nothing.
os.register_at_fork(after_in_child=_MONITORS.clear)
