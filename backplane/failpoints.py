"""Named places in the work where a fault can be injected, by `make faults` and by tests alone.

FAILPOINTS_DIRECTORY names a directory. A file there, named like the failpoint, arms it once: whoever comes by first
takes the file away and does what it says: `kill` (SIGKILL to itself), `stop` (SIGSTOP), `sleep SECONDS`, `raise`.
Without the variable a failpoint is one comparison. Production refuses to start with it.
"""

import os
import signal
import time
from pathlib import Path

_directory = Path(text) if (text := os.environ.get("FAILPOINTS_DIRECTORY")) else None


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


def _suffer(act: str, argument: str = "0") -> None:
    if act == "sleep":
        time.sleep(float(argument))
    elif act == "raise":
        raise Injected
    else:
        os.kill(os.getpid(), {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[act])
