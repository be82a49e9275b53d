"""Schemas of pools of measured bits."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backplane.services.entropy.pools import PoolLevel


class Refill(BaseModel):
    """The last refill."""

    bits: int
    seconds: float
    at: datetime


class Alarm(BaseModel):
    """The last failure of the source: it gave no usable bits."""

    reason: str
    at: datetime


class Pool(BaseModel):
    """The pool of one worker process: measured bits in stock for the purity `fast`."""

    worker: Annotated[str, Field(description="A random name of the process, new at each start")]
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
    """Levels only: bits never leave the memory of their worker."""

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
