"""The entropy statement: what is known, before encryption, of where the bits of a file key came from.

Its digest goes into the image's metadata and into the key file. It never holds a seed, a raw bit or a simulator's seed.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from shield_core.keys import canonical
from shield_core.keys.keyfile import key_id_text
from shield_core.quantum.conditioner import OS_BYTES
from shield_core.quantum.measurement import Measurement
from shield_core.quantum.sources import EntropySource

FORMAT: Final = "imageshield-entropy-statement"
VERSION: Final = 1
SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class PoolUse:
    """How `fast` was served: bits that waited before the draw, and whether circuits had to be run for it after all."""

    waiting_bits: int
    topped_up: bool


@dataclass(frozen=True, slots=True)
class Purity:
    """What was asked for, what was served, and why they differ or are less than they say."""

    requested: str
    served: str
    reason: str | None = None


def build(
    *,
    key_id: UUID,
    job_id: str,
    purity: Purity,
    source: EntropySource,
    measurement: Measurement | None,
    pool: PoolUse | None,
    alarm: str | None,
    started_at: datetime,
) -> dict[str, Any]:
    """Write the statement of one draw.

    Args:
        key_id: Of the image.
        job_id: Whatever names the attempt.
        purity: As served.
        source: The source that was asked.
        measurement: What it gave, or None where the draw is degraded.
        pool: How the pool served it, or None where circuits were run for this image.
        alarm: The health test that failed, if one did.
        started_at: When the draw began, in UTC.

    Returns:
        A value with a canonical form.
    """
    return {
        "format": FORMAT,
        "version": VERSION,
        "key_id": key_id_text(key_id),
        "job_id": job_id,
        "purity": {"requested": purity.requested, "served": purity.served, "reason": purity.reason},
        "degraded": measurement is None,
        "source": _source(source),
        "raw": _raw(source, measurement),
        "pool": None if pool is None else {"waiting_bits": pool.waiting_bits, "topped_up": pool.topped_up},
        "health": _health(measurement, alarm),
        "system": {"generator": "os.urandom", "bits": OS_BYTES * 8},
        "conditioning": {"function": "hkdf-sha-512", "seed_bits": SEED_BYTES * 8},
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


def _raw(source: EntropySource, measurement: Measurement | None) -> dict[str, Any]:
    bits = 0 if measurement is None else measurement.measured_bits
    qubits = source.describe().get("qubits")
    return {
        "bits": bits,
        "shots": -(-bits // qubits) if isinstance(qubits, int) else None,
        "credited_bits": 0 if measurement is None else measurement.credited_bits,
        "extraction": None if measurement is None else measurement.extraction,
        "measured_at": None if measurement is None else _time(measurement.measured_at),
    }


def _health(measurement: Measurement | None, alarm: str | None) -> dict[str, Any]:
    if measurement is not None:
        return measurement.health.to_json()
    return {"verdict": "not-run"} if alarm is None else {"verdict": "failed", "test": alarm}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
