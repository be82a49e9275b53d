"""Draw a file key: raw bits, the operating system's bits, and a statement of both."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shield_core.errors import EntropyError, HealthTestFailed
from shield_core.keys.schedule import file_key_from_seed
from shield_core.quantum import statement
from shield_core.quantum.conditioner import condition
from shield_core.quantum.health import BLOCK
from shield_core.quantum.measurement import Measurement, measure, wipe
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import EntropySource
from shield_core.quantum.statement import PoolUse, Purity

RAW_BITS: Final = BLOCK
"""Raw bits of one seed: what the start-up test needs, and sixteen times the seed."""

TOP_UP_BITS: Final = 1 << 16
"""What an empty pool is given on the way: two milliseconds of circuits, and fifteen further images served."""

SERVED: Final = frozenset({"fast", "balanced"})
"""What this release draws; `multistage` and `maximum` are reserved."""


@dataclass(frozen=True, slots=True)
class Draw:
    """A file key for one attempt of one image, and where it came from."""

    file_key: bytes = field(repr=False)
    statement: dict[str, Any]

    @property
    def statement_sha256(self) -> str:
        """SHA-256 of the statement's canonical form, 64 hexadecimal digits."""
        return statement.statement_sha256(self.statement)

    @property
    def degraded(self) -> bool:
        """Whether the source failed, and only the operating system's bits are in the key."""
        return bool(self.statement["degraded"])


@dataclass(frozen=True, slots=True)
class _Raw:
    measurement: Measurement | None = None
    pool: PoolUse | None = None
    alarm: str | None = None
    reason: str | None = None


def draw_file_key(
    source: EntropySource,
    *,
    job_id: str,
    key_id: UUID,
    requested: str,
    served: str,
    pool: BitPool | None = None,
    reason: str | None = None,
) -> Draw:
    """Draw the file key of one attempt of one image. It fails only where the operating system's generator does.

    Where the source fails or alarms, the key is made of the operating system's bits alone, which is as strong, and the
    statement says `degraded` with the reason.

    Args:
        source: Fresh circuits are run on it, unless `fast` is served from a pool.
        job_id: Whatever names the attempt; bound into the seed.
        key_id: The id of the key, for the statement.
        requested: The purity that was asked for.
        served: `fast` or `balanced`.
        pool: Where `fast` finds bits that wait; an empty one is topped up, and the statement says so.
        reason: Why `served` is not `requested`.

    Returns:
        32 bytes of file key and the statement.

    Raises:
        ValueError: a purity that this release does not serve.
    """
    if served not in SERVED:
        raise ValueError("this release serves fast and balanced")
    started_at = datetime.now(UTC)
    origin = pool.source if served == "fast" and pool is not None else source
    raw = _gather(origin, pool if served == "fast" else None)
    said = statement.build(
        key_id=key_id,
        job_id=job_id,
        purity=Purity(requested, served, "; ".join(filter(None, (reason, raw.reason))) or None),
        source=origin,
        measurement=raw.measurement,
        pool=raw.pool,
        alarm=raw.alarm,
        started_at=started_at,
    )
    return Draw(_file_key(raw.measurement, source_id=origin.name, job_id=job_id), said)


def _gather(source: EntropySource, pool: BitPool | None) -> _Raw:
    try:
        return _Raw(measure(source, RAW_BITS)) if pool is None else _take(pool)
    except HealthTestFailed as error:
        return _Raw(alarm=str(error), reason=f"degraded: the source failed the health test {error}")
    except EntropyError as error:
        return _Raw(reason=f"degraded: {error}")


def _take(pool: BitPool) -> _Raw:
    waiting = pool.waiting_bits
    unit = pool.take()
    if unit is not None:
        return _Raw(unit, PoolUse(waiting, topped_up=False))
    pool.refill(min(TOP_UP_BITS, pool.capacity_bits))
    return _Raw(pool.take() or measure(pool.source, RAW_BITS), PoolUse(0, topped_up=True))


def _file_key(measurement: Measurement | None, *, source_id: str, job_id: str) -> bytes:
    raw = bytearray() if measurement is None else measurement.raw
    try:
        return file_key_from_seed(condition(raw, source_id=source_id, job_id=job_id))
    finally:
        wipe(raw)
