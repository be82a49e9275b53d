"""Levels of the workers' pools of measured bits. Workers report levels through Redis; bits never leave their worker."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from backplane.bus import POOLS, RedisBus


@dataclass(frozen=True, slots=True)
class Refill:
    """The last time that bits were added."""

    bits: int
    seconds: float
    at: datetime


@dataclass(frozen=True, slots=True)
class PoolAlarm:
    """Why and when the source last gave no usable bits."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PoolLevel:
    """The pool of one worker process."""

    worker: str
    """A random name of the process, which identifies no machine."""
    source: str
    kind: str
    waiting_bits: int
    capacity_bits: int
    refill: Refill | None
    alarm: PoolAlarm | None
    reported_at: datetime

    def to_json(self) -> str:
        return json.dumps(asdict(self), default=datetime.isoformat, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: bytes | str) -> Self:
        """Parse a worker's report.

        Raises:
            ValueError: it is not a report of a worker of this version.
        """
        try:
            fields: dict[str, Any] = json.loads(text)
            refill, alarm = fields["refill"], fields["alarm"]
            return cls(
                worker=str(fields["worker"]),
                source=str(fields["source"]),
                kind=str(fields["kind"]),
                waiting_bits=int(fields["waiting_bits"]),
                capacity_bits=int(fields["capacity_bits"]),
                refill=None if refill is None else Refill(int(refill["bits"]), float(refill["seconds"]), _time(refill)),
                alarm=None if alarm is None else PoolAlarm(str(alarm["reason"]), _time(alarm)),
                reported_at=datetime.fromisoformat(fields["reported_at"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("no level of a pool") from error


class EntropyPools:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def levels(self) -> list[PoolLevel]:
        """List the pools of the workers that reported within the last minute; unreadable reports are left out.

        Raises:
            Unavailable: Redis does not answer.
        """
        found = []
        for text in await self._bus.read_pools():
            try:
                found.append(PoolLevel.from_json(text))
            except ValueError:
                continue  # a worker of another version, during a rollout
        return sorted(found, key=lambda level: (level.source, level.worker))


def pool_key(worker: str) -> str:
    """Return the Redis key of a worker's level."""
    return f"{POOLS}:{worker}"


def _time(fields: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(fields["at"])
