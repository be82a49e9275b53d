"""The entropy statement: the origin of the bits of a file key, as known before encryption.

Its digest goes into the image's metadata and into the key file. It contains no seed, no raw bit, no simulator's seed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shield_core.keys import canonical
from shield_core.keys.keyfile import key_id_text
from shield_core.keys.schedule import FILE_KEY_SIZE
from shield_core.quantum.conditioner import OS_BYTES
from shield_core.quantum.sources import EntropySource
from shield_core.quantum.tally import Tally, joined

FORMAT: Final = "imageshield-entropy-statement"
VERSION: Final = 1
SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class PoolUse:
    """The pool's part in a draw for `fast`: bits that waited before it, and whether circuits had to run for it."""

    waiting_bits: int
    topped_up: bool


@dataclass(frozen=True, slots=True)
class Purity:
    """The requested and the served purity, and why they differ or why the draw is degraded."""

    requested: str
    served: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Gathered:
    """The measurements of a source for one image.

    `seed` is for the file key; `segments` for the seeds of `multistage`, of which `segment_seeds` were drawn; `lanes`
    for those of `maximum`, or None if there are none. `alarm` is the health test that ended the draw, if one did.
    """

    seed: Tally
    segments: Tally
    segment_seeds: int = 0
    lanes: Tally | None = None
    alarm: str | None = None


def build(
    *,
    key_id: UUID,
    job_id: str,
    purity: Purity,
    degraded: bool,
    source: EntropySource,
    gathered: Gathered,
    pool: PoolUse | None,
    seed_bytes: int,
    started_at: datetime,
) -> dict[str, Any]:
    """Write the statement of one image.

    Args:
        key_id: The key id of the image.
        job_id: The name of the attempt.
        purity: The requested and served purity.
        degraded: Whether any requested bits of the source are missing.
        source: The source.
        gathered: Its measurements.
        pool: The pool's part, or None if circuits ran for this image.
        seed_bytes: The bytes of the seed of the file key.
        started_at: The begin of the draw, in UTC.

    Returns:
        A value with a canonical form.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "key_id": key_id_text(key_id),
        "job_id": job_id,
        "purity": {"requested": purity.requested, "served": purity.served, "reason": purity.reason},
        "degraded": degraded,
        "source": _source(source),
        "raw": _measured(gathered.seed, source),
        "segments": _segments(gathered, source),
        "lanes": _lanes(gathered.lanes, source),
        "pool": None if pool is None else {"waiting_bits": pool.waiting_bits, "topped_up": pool.topped_up},
        "health": _health(gathered),
        "system": {"generator": "os.urandom", "bits": OS_BYTES * 8 * (1 + gathered.segment_seeds)},
        "conditioning": {
            "function": "hkdf-sha-512",
            "seed_bits": seed_bytes * 8,
            "strength_bits": FILE_KEY_SIZE * 8,
        },
        "started_at": _time(started_at),
        "finished_at": _time(datetime.now(UTC)),
    }


def statement_sha256(statement: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a statement's canonical form, as 64 hexadecimal digits.

    Raises:
        NotCanonical: a value without a canonical form.
    """
    return hashlib.sha256(canonical.dumps(statement)).hexdigest()


def _source(source: EntropySource) -> dict[str, Any]:
    credit = source.credited_bits_per_bit
    return {
        "name": source.name,
        "kind": source.kind.value,
        "credited_bits_per_bit": [credit.numerator, credit.denominator],
        "description": source.describe(),
    }


def _segments(gathered: Gathered, source: EntropySource) -> dict[str, Any] | None:
    if not gathered.segment_seeds:
        return None
    about = {"seeds": gathered.segment_seeds, "seed_bits": SEED_BYTES * 8}
    return about | _measured(gathered.segments, source)


def _lanes(lanes: Tally | None, source: EntropySource) -> dict[str, Any] | None:
    if lanes is None or lanes.health is None:
        return None
    return {"discarded": lanes.discarded, "health": lanes.health.to_json()} | _measured(lanes, source)


def _measured(tally: Tally, source: EntropySource) -> dict[str, Any]:
    has_qubits = isinstance(source.describe().get("qubits"), int)
    return {
        "draws": tally.draws,
        "bits": tally.bits,
        "shots": tally.shots or 0 if has_qubits else None,
        "credited_bits": tally.credited_bits,
        "extraction": tally.extraction,
        "measured_at": None if tally.measured_at is None else _time(tally.measured_at),
    }


def _health(gathered: Gathered) -> dict[str, Any]:
    """Join the tests of seed and segment seeds; lanes have their own cut-offs."""
    if gathered.alarm is not None:
        return {"verdict": "failed", "test": gathered.alarm}
    passed = joined(gathered.seed.health, gathered.segments.health)
    return {"verdict": "not-run"} if passed is None else passed.to_json()


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
