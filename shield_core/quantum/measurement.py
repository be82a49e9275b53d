"""Ask a source for raw bits and test them: the only way in, so that no untested bit is ever used."""

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final
from weakref import WeakKeyDictionary

from shield_core.errors import HealthTestFailed, SourceFailed
from shield_core.quantum.health import BLOCK, SEEDS, Cutoffs, Monitor, Report
from shield_core.quantum.sources import EntropySource

_MONITORS: Final[WeakKeyDictionary[EntropySource, Monitor]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Measurement:
    """Tested raw bits of one source. `raw` is to be wiped by whoever uses it."""

    raw: bytearray = field(repr=False)
    source: EntropySource
    health: Report
    measured_at: datetime


def measure(source: EntropySource, n_bits: int, *, cutoffs: Cutoffs = SEEDS) -> Measurement:
    """Draw fresh raw bits and test all of them.

    Args:
        source: Its health is followed across calls, for as long as the object lives.
        n_bits: A multiple of 4096.
        cutoffs: `health.SEEDS` or `health.BULK`.

    Raises:
        SourceFailed: the source raised anything, or returned another number of bits. Neither its message nor its
            traceback is passed on: Aer quotes a seed that it refuses.
        HealthTestFailed: the bits failed a test, and are gone.
        ValueError: not a positive multiple of 4096 bits.
    """
    if n_bits < 1 or n_bits % BLOCK:
        raise ValueError("raw bits are measured in blocks of 4096")
    raw = _ask(source, n_bits)
    monitor = _MONITORS.setdefault(source, Monitor())
    try:
        health = monitor.check(raw, cutoffs)
    except HealthTestFailed:
        wipe(raw)
        raise
    return Measurement(raw=raw, source=source, health=health, measured_at=datetime.now(UTC))


def wipe(raw: bytearray) -> None:
    """Overwrite with zeros: what Python can do about bits that were used, or must not be."""
    raw[:] = bytes(len(raw))


def _ask(source: EntropySource, n_bits: int) -> bytearray:
    raw: object = None
    failure = ""
    try:
        raw = source.measure(n_bits)
    except Exception as error:  # noqa: BLE001 - a source may fail in any way, and the job goes on
        failure = type(error).__name__
    if failure:
        raise SourceFailed(f"The source {source.name} raised {failure}")
    if not isinstance(raw, bytes | bytearray) or len(raw) * 8 != n_bits:
        raise SourceFailed(f"The source {source.name} did not return the {n_bits} bits that were asked for")
    return bytearray(raw)


# A lock that another thread held while this process was forked would never be released; a fresh start-up test costs
# nothing.
os.register_at_fork(after_in_child=_MONITORS.clear)
