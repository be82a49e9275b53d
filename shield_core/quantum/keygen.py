"""Drawing of a file key, with the segment seeds and lanes of the higher purities, and a statement of their origin."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from shield_core.errors import EntropyError, HealthTestFailed
from shield_core.keys.schedule import LABELS, file_key_from_seed
from shield_core.progress import Advance, nothing
from shield_core.quantum import statement
from shield_core.quantum.conditioner import condition
from shield_core.quantum.health import BLOCK, BULK
from shield_core.quantum.measurement import Measurement, measure, wipe
from shield_core.quantum.pool import BitPool
from shield_core.quantum.sources import EntropySource
from shield_core.quantum.statement import SEED_BYTES, Gathered, PoolUse, Purity
from shield_core.quantum.tally import Tally

RAW_BITS: Final = BLOCK
"""Raw bits of one seed: enough for the start-up test, and sixteen times the seed."""

MASTER_SEED_BYTES: Final = 128
MASTER_RAW_BITS: Final = RAW_BITS * MASTER_SEED_BYTES // SEED_BYTES
"""Raw bits of the master seed of `multistage` and `maximum`, in the same proportion. The file key has 256 bits."""

LANE_BITS: Final = 1 << 20
"""Bits measured at a time for the lanes of `maximum`: 40 ms of circuits, after which a job can be cancelled."""

TOP_UP_BITS: Final = 1 << 16
"""Bits added to an empty pool on demand: two milliseconds of circuits, which serve fifteen further images."""

PURITIES: Final = frozenset({"fast", "balanced", "multistage", "maximum"})
_WITH_MASTER_SEED: Final = frozenset({"multistage", "maximum"})


@dataclass(frozen=True, slots=True)
class Draw:
    """A file key for one attempt of one image, and its origin; for `multistage` also the segment seeds."""

    file_key: bytes = field(repr=False)
    statement: dict[str, Any]
    seeds: bytearray = field(default_factory=bytearray, repr=False)

    @property
    def statement_sha256(self) -> str:
        """SHA-256 of the statement's canonical form, 64 hexadecimal digits."""
        return statement.statement_sha256(self.statement)

    @property
    def served(self) -> str:
        """The served purity, which may differ from the requested one."""
        return str(self.statement["purity"]["served"])

    @property
    def degraded(self) -> bool:
        """Whether the source failed, so that the operating system's bits alone replace its missing bits."""
        return bool(self.statement["degraded"])


def draw_file_key(
    source: EntropySource,
    *,
    job_id: str,
    key_id: UUID,
    requested: str,
    served: str,
    pool: BitPool | None = None,
    reason: str | None = None,
    segments: int = 0,
    lanes: NDArray[np.uint8] | None = None,
    progress: Advance = nothing,
) -> Draw:
    """Draw the file key of one attempt of one image. It fails only if the operating system's generator fails.

    If the source fails or a health test raises an alarm, the source is not used again for this image. Seeds then come
    from the operating system's bits alone, which are as strong; lanes are abandoned, so `maximum` is served as
    `balanced`; and the statement says `degraded` with the reason.

    Args:
        source: Runs fresh circuits, unless `fast` is served from a pool.
        job_id: The name of the attempt; bound into the seed.
        key_id: The id of the key, for the statement.
        requested: The requested purity.
        served: The purity to serve.
        pool: The waiting bits for `fast`; an empty pool is refilled, and the statement says so.
        reason: Why `served` is not `requested`.
        segments: The number of segment seeds that `multistage` needs, each from its own circuits and system bits.
        lanes: For `maximum`: uint8 (m,), to be filled with measured bytes.
        progress: Called with the bytes measured for segment seeds and lanes; an exception from it ends the draw.

    Returns:
        32 bytes of file key, segment seeds, and the statement. If another purity than `maximum` is served, the caller
        must not use the contents of `lanes`, but must still wipe them.

    Raises:
        ValueError: an unknown purity.
    """
    if served not in PURITIES:
        raise ValueError(f"there is no purity {served!r}")
    started_at = datetime.now(UTC)
    pool = pool if served == "fast" else None
    drawing = _Drawing(source if pool is None else pool.source, job_id, reason, progress)
    seed_bytes = MASTER_SEED_BYTES if served in _WITH_MASTER_SEED else SEED_BYTES
    file_key = file_key_from_seed(drawing.draw_seed(seed_bytes, pool))
    seeds = drawing.draw_segment_seeds(segments)
    if lanes is not None and not drawing.fill_lanes(lanes):
        served = "balanced"
    said = statement.build(
        key_id=key_id,
        job_id=job_id,
        purity=Purity(requested, served, "; ".join(drawing.reasons) or None),
        degraded=drawing.failed,
        source=drawing.source,
        gathered=drawing.gathered,
        pool=drawing.pool_use,
        seed_bytes=seed_bytes,
        started_at=started_at,
    )
    return Draw(file_key, said, seeds)


class _Drawing:
    """All draws for one image from one source, which is not used again after a failure."""

    def __init__(self, source: EntropySource, job_id: str, reason: str | None, progress: Advance) -> None:
        self.source = source
        self.gathered = Gathered(seed=Tally(), segments=Tally())
        self.reasons = [reason] if reason else []
        self.failed = False
        self.pool_use: PoolUse | None = None
        self._job_id = job_id
        self._progress = progress

    def draw_seed(self, size: int, pool: BitPool | None) -> bytes:
        """Draw the seed of the file key."""
        raw_bits = RAW_BITS if size == SEED_BYTES else MASTER_RAW_BITS
        ask = partial(measure, self.source, raw_bits) if pool is None else partial(self._take, pool)
        return self._condition(self._ask(ask, self.gathered.seed), LABELS.seed, size)

    def draw_segment_seeds(self, segments: int) -> bytearray:
        """Draw a seed for every segment, one after the other."""
        self.gathered = replace(self.gathered, segment_seeds=segments)
        seeds = bytearray()
        for _ in range(segments):
            raw = self._ask(partial(measure, self.source, RAW_BITS), self.gathered.segments)
            seeds += self._condition(raw, LABELS.segment_seed, SEED_BYTES)
            self._progress(RAW_BITS // 8)
        if self.gathered.segments.draws < segments:
            alone = segments - self.gathered.segments.draws
            self.reasons.append(f"{alone} of {segments} segment seeds are made of the system's bits alone")
        return seeds

    def fill_lanes(self, lanes: NDArray[np.uint8]) -> bool:
        """Fill lanes with measured bits; return whether all were filled."""
        tally = Tally()
        for at in range(0, lanes.size, LANE_BITS // 8):
            piece = lanes[at : at + LANE_BITS // 8]
            raw = self._ask(partial(_measure_bulk, self.source, piece.size, tally), tally)
            if not raw:
                self.reasons.append(f"bits for {at} of {lanes.size} bytes of lanes were measured, so this is balanced")
                return False
            piece[:] = np.frombuffer(raw, np.uint8)[: piece.size]
            wipe(raw)
            self._progress(piece.size)
        self.gathered = replace(self.gathered, lanes=tally)
        return True

    def _ask(self, ask: Callable[[], Measurement], tally: Tally) -> bytearray:
        """Return raw bits, or none if the source fails or failed before."""
        if self.failed:
            return bytearray()
        try:
            measurement = ask()
        except HealthTestFailed as error:
            self.gathered = replace(self.gathered, alarm=str(error))
            return self._give_up(f"the source failed the health test {error}")
        except EntropyError as error:
            return self._give_up(str(error))
        tally.add(measurement)
        return measurement.raw

    def _give_up(self, why: str) -> bytearray:
        self.failed = True
        self.reasons.append(f"degraded: {why}")
        return bytearray()

    def _take(self, pool: BitPool) -> Measurement:
        use = PoolUse(pool.waiting_bits, topped_up=False)
        unit = pool.take()
        if unit is None:
            use = PoolUse(0, topped_up=True)
            pool.refill(min(TOP_UP_BITS, pool.capacity_bits))
            unit = pool.take() or measure(pool.source, RAW_BITS)
        self.pool_use = use
        return unit

    def _condition(self, raw: bytearray, label: bytes, length: int) -> bytes:
        try:
            return condition(raw, source_id=self.source.name, job_id=self._job_id, label=label, length=length)
        finally:
            wipe(raw)


def _measure_bulk(source: EntropySource, size: int, tally: Tally) -> Measurement:
    """Measure a block for lanes. An alarm discards a block; two in a row end the measurement.

    With the 1.6 Gbit of a large picture, a uniform source raises one false alarm in a thousand pictures.
    """
    n_bits = -(-size * 8 // BLOCK) * BLOCK
    try:
        return measure(source, n_bits, cutoffs=BULK)
    except HealthTestFailed:
        tally.discarded += 1
        return measure(source, n_bits, cutoffs=BULK)
