"""Progress reports of a job: plain values, passed to a callable."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Stage(StrEnum):
    """The stages of a job, with the names of the API."""

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

    `done` and `total` count bytes of payload work inside the stage; `total` is 0 if the stage has no count of bytes.
    """

    stage: Stage
    done: int = 0
    total: int = 0


ProgressSink = Callable[[Progress], None]
"""Receives every report, on the working thread; raise `shield_core.errors.Cancelled` from it to stop the work."""


def ignore(_: Progress) -> None:
    """Ignore a report: the default sink."""


Advance = Callable[[int], None]
"""Receives the number of bytes done since the last call."""


def nothing(_: int) -> None:
    """Ignore a count of bytes: the default."""


# A PNG of 25 million pixels, in ms: validating 960, keys 1, encrypting 210, authenticating 90; decryption: validating
# 50, unlocking 0 to 400, verifying 40, decrypting 1480. Both directions share the first and last stage, so their spans
# are averages. With `maximum` the keys take 70,000, so they get more than a point or two of the scale in every purity.
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
    """Convert a report into the percentage of the whole job, for both worker and command line.

    Args:
        stage: of the report.
        done: bytes done in the stage.
        total: bytes that the stage has to do, or 0 if it has no count.

    Returns:
        0 to 100, never decreasing during a job; 100 for `completed` only.
    """
    start, stop = _SPANS[stage]
    share = min(done, total) / total if total else 0.0
    return start + int((stop - start) * share)


class StageClock:
    """Reports a job stage by stage, and measures the time of each."""

    def __init__(self, sink: ProgressSink) -> None:
        """Start the clock.

        Args:
            sink: receives every report, on the working thread.
        """
        self._sink = sink
        self.timings_ms: dict[str, float] = {}

    @contextmanager
    def stage(self, stage: Stage, total: int = 0) -> Iterator[Advance]:
        """Report the begin and the end of a stage, and yield a function that reports its bytes.

        Args:
            stage: each stage is reported once.
            total: bytes that it has to do, or 0 if it has no count.
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
