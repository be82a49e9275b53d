"""How far a job is: plain values, handed to any callable that wants them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


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
    ANALYZING = "analyzing"
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


Advance = Callable[[int], None]
"""Told the number of bytes done since the last call."""


def nothing(_: int) -> None:
    """Take a count of bytes and do nothing: the default."""


# A PNG of 25 million pixels, in ms: validating 960, keys 1, encrypting 210, authenticating 90; and back: validating 50,
# unlocking 0 to 400, verifying 40, decrypting 1480. First and last stages are shared, so their shares are a middle.
# With `maximum` the keys take 70,000, so that they have more than a point or two of the scale in every purity.
_SPANS: Final = {
    Stage.QUEUED: (0, 0),
    Stage.VALIDATING: (0, 35),
    Stage.GENERATING_QUANTUM_KEYS: (35, 55),
    Stage.ENCRYPTING: (55, 70),
    Stage.AUTHENTICATING: (70, 80),
    Stage.UNLOCKING: (35, 42),
    Stage.VERIFYING: (42, 48),
    Stage.DECRYPTING: (48, 80),
    Stage.STORING: (80, 90),
    Stage.ANALYZING: (90, 99),
    Stage.COMPLETED: (100, 100),
}


def overall_percent(stage: Stage, done: int = 0, total: int = 0) -> int:
    """Turn a report into the percentage of the whole job, the same for worker and command line.

    Args:
        stage: of the report.
        done: bytes done in the stage.
        total: bytes that the stage has to do, 0 where it has no such count.

    Returns:
        0 to 100, never falling in the course of a job; 100 for `completed` only.
    """
    start, stop = _SPANS[stage]
    share = min(done, total) / total if total else 0.0
    return start + int((stop - start) * share)


class StageClock:
    """Reports a job stage by stage, and measures how long each takes."""

    def __init__(self, sink: ProgressSink) -> None:
        """Begin.

        Args:
            sink: receives every report, on the thread that works.
        """
        self._sink = sink
        self.timings_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, stage: Stage, total: int = 0) -> Iterator[Advance]:
        """Report that a stage begins and that it ends, and yield what reports its bytes.

        Args:
            stage: each once.
            total: bytes that it has to do, 0 where it has no such count.
        """
        started = time.perf_counter()
        done = 0

        def advance(size: int) -> None:
            nonlocal done
            done += size
            self._sink(Progress(stage, min(done, total), total))

        self._sink(Progress(stage, 0, total))
        yield advance
        if done < total:
            advance(total - done)
        self.timings_ms[stage.value] = round((time.perf_counter() - started) * 1000, 3)
