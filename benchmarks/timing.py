"""Timing of interleaved cases."""

import gc
import time
from collections.abc import Callable

Cases = dict[str, Callable[[], object]]


def interleave(cases: Cases, *, rounds: int) -> dict[str, float]:
    """Run every case once a round and return the best time of each, in milliseconds.

    The best, because other work on the machine only adds time. Interleaved, because the clock speed and the load change
    during the run.
    """
    best = dict.fromkeys(cases, float("inf"))
    for case in cases.values():
        case()
    gc.collect()
    for _ in range(rounds):
        for name, case in cases.items():
            started = time.perf_counter()
            case()
            best[name] = min(best[name], (time.perf_counter() - started) * 1000)
    return best
