"""How far a job is: plain values, handed to any callable that wants them."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Stage(StrEnum):
    """The stages of a job, in the words of the API."""

    QUEUED = "queued"
    VALIDATING = "validating"
    GENERATING_QUANTUM_KEYS = "generating_quantum_keys"
    ENCRYPTING = "encrypting"
    AUTHENTICATING = "authenticating"
    UNLOCKING = "unlocking"
    VERIFYING = "verifying"
    DECRYPTING = "decrypting"
    STORING = "storing"
    COMPLETED = "completed"


@dataclass(frozen=True, slots=True)
class Progress:
    """One report: the stage, and the bytes done of the bytes that this stage has to do.

    `done` and `total` count bytes of payload work inside the stage; `total` is 0 where the stage has no such count.
    """

    stage: Stage
    done: int = 0
    total: int = 0


ProgressSink = Callable[[Progress], None]
"""Receives every report, on the thread that works; raise `shield_core.errors.Cancelled` from it to stop the work."""


def ignore(_: Progress) -> None:
    """Take a report and do nothing: the default sink."""
