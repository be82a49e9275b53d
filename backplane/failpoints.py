"""Named places in the work where a fault can be injected, by `make faults` and by tests alone.

FAILPOINTS_DIRECTORY names a directory. A file there, named like the failpoint, arms it once: whoever comes by first
takes the file away and does what it says: `kill` (SIGKILL to itself), `stop` (SIGSTOP), `sleep SECONDS`, `raise`,
`exhaust` (asks for memory until there is no more).
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
"""Address space, 16 GiB of it, which is not written to."""


class Injected(Exception):
    """The fault that `raise` stands for; nobody expects it."""


def reach(name: str) -> None:
    """Pass the failpoint, or suffer what it was armed with."""
    if _directory is None:
        return
    armed = _directory / name
    taken = armed.with_name(f"{name}.{os.getpid()}.taken")
    try:
        armed.rename(taken)
    except FileNotFoundError:
        return
    _suffer(*taken.read_text().split())


def _exhaust() -> None:
    """Raise MemoryError as a picture does that is too large; where no limit is set, without taking the machine."""
    hoard: list[mmap.mmap] = []
    with suppress(OSError):
        hoard.extend(mmap.mmap(-1, EXHAUSTION_STEP) for _ in range(EXHAUSTION_STEPS))
    raise MemoryError(len(hoard))  # which holds this frame, and so the memory, until it is dealt with


def _suffer(act: str, argument: str = "0") -> None:
    if act == "sleep":
        time.sleep(float(argument))
    elif act == "exhaust":
        _exhaust()
    elif act == "raise":
        raise Injected
    else:
        os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[act])
