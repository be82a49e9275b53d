"""How full the workers' pools of measured bits are. Levels travel through Redis; bits never leave their worker."""

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
    """Why and when the source last gave nothing that could be used."""

    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PoolLevel:
    """The pool of one worker process."""

    worker: str
    """A name that the process made up: it leads to no machine."""
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
        """Read what a worker wrote.

        Raises:
            ValueError: it is nothing that a worker of this version writes.
        """
        try:
            said: dict[str, Any] = json.loads(text)
            refill, alarm = said["refill"], said["alarm"]
            return cls(
                worker=str(said["worker"]),
                source=str(said["source"]),
                kind=str(said["kind"]),
                waiting_bits=int(said["waiting_bits"]),
                capacity_bits=int(said["capacity_bits"]),
                refill=None if refill is None else Refill(int(refill["bits"]), float(refill["seconds"]), _time(refill)),
                alarm=None if alarm is None else PoolAlarm(str(alarm["reason"]), _time(alarm)),
                reported_at=datetime.fromisoformat(said["reported_at"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError("no level of a pool") from error


class EntropyPools:
    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus

    async def levels(self) -> list[PoolLevel]:
        """List the pools of the workers that were heard within the last minute; what cannot be read is left out.

        Raises:
            Unavailable: Redis does not answer.
        """
        found = []
        for text in await self._bus.read_pools():
            try:
                found.append(PoolLevel.from_json(text))
            except ValueError:
                continue  # a worker of another version, while a new one is rolled out
        return sorted(found, key=lambda level: (level.source, level.worker))


def pool_key(worker: str) -> str:
    """Name the place of a worker's level in Redis."""
    return f"{POOLS}:{worker}"


def _time(said: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(said["at"])
