"""Failpoints: named places in the work where `make faults` and tests inject a fault.

FAILPOINTS_DIRECTORY names a directory. A file there, named like the failpoint, arms it once: the first process that
reaches the failpoint removes the file and does what it says: `kill` (SIGKILL to itself), `stop` (SIGSTOP), `sleep
SECONDS`, `raise`, `exhaust` (allocates memory until none is left).
Without the variable a failpoint is one comparison. Production refuses to start with it.
"""

import mmap
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_directory = Path(text) if (text := os.environ.get("FAILPOINTS_DIRECTORY")) else None


EXHAUSTION_STEP = 1 << 28
EXHAUSTION_STEPS = 64
"""At most 16 GiB of address space, which is never written to."""


class Injected(Exception):
    """The fault that `raise` injects; no code expects it."""


def reach(name: str) -> None:
    """Pass the failpoint, or inject the fault that it is armed with."""
    if _directory is None:
        return
    armed = _directory / name
    taken = armed.with_name(f"{name}.{os.getpid()}.taken")
    try:
        armed.rename(taken)
    except FileNotFoundError:
        return
    _inject(*taken.read_text().split())


def _exhaust() -> None:
    """Raise MemoryError as a picture that is too large does; without a limit do not exhaust the machine."""
    hoard: list[mmap.mmap] = []
    with suppress(OSError):
        hoard.extend(mmap.mmap(-1, EXHAUSTION_STEP) for _ in range(EXHAUSTION_STEPS))
    raise MemoryError(len(hoard))  # holds this frame, and so the memory, until it is handled


def _inject(act: str, argument: str = "0") -> None:
    if act == "sleep":
        time.sleep(float(argument))
    elif act == "exhaust":
        _exhaust()
    elif act == "raise":
        raise Injected
    else:
        os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[act])
