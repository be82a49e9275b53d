"""Schemas of pools of measured bits."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backplane.services.entropy.pools import PoolLevel


class Refill(BaseModel):
    """The last time that bits were added."""

    bits: int
    seconds: float
    at: datetime


class Alarm(BaseModel):
    """The last time that the source gave nothing that could be used."""

    reason: str
    at: datetime


class Pool(BaseModel):
    """The pool of one worker process: measured bits that wait for `fast`."""

    worker: Annotated[str, Field(description="A name that the process made up; a new one at each start")]
    source: Annotated[str, Field(examples=["aer"])]
    kind: Annotated[
        Literal["simulated", "hardware", "os"], Field(description="The bits of a simulator are credited zero")
    ]
    waiting_bits: int
    capacity_bits: int
    refill: Refill | None
    alarm: Alarm | None
    reported_at: datetime


class Pools(BaseModel):
    """Levels, never bits: those do not leave the memory of their worker."""

    pools: list[Pool]
    waiting_bits: Annotated[int, Field(description="Of all pools together; 4096 serve one image")]
    capacity_bits: int

    @classmethod
    def of(cls, levels: list[PoolLevel]) -> "Pools":
        return cls(
            pools=[Pool.model_validate(level, from_attributes=True) for level in levels],
            waiting_bits=sum(level.waiting_bits for level in levels),
            capacity_bits=sum(level.capacity_bits for level in levels),
        )
