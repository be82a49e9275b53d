"""`python -m backplane.alive [worker|relay]`: exit 0 where it did what it is there for within a minute. A pod's probe.

A worker is there to ask the queue for work: it says so when the queue has answered, when it found the queue closed, and
while its children are at a job. That a process exists, or that its loop turns, says nothing: workers have been seen
that go on turning after a reconnect and never ask again.
"""

import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

SEEN_SECONDS = 60


def alive_file(name: str) -> Path:
    """Name the file that the process touches when it has done its duty; ALIVE_DIRECTORY moves it."""
    return Path(os.environ.get("ALIVE_DIRECTORY") or tempfile.gettempdir()) / f"imageshield-{name}.alive"


def note(name: str) -> None:
    """Touch the file of a process that has begun; one that has not is not alive yet."""
    with suppress(FileNotFoundError):
        os.utime(alive_file(name))


def seconds_left(name: str) -> float:
    """Say how long the process still counts as alive if nothing more is heard of it; not above 0 where it does not."""
    try:
        return SEEN_SECONDS - (time.time() - alive_file(name).stat().st_mtime)
    except FileNotFoundError:
        return 0


def main(arguments: list[str]) -> int:
    return 0 if seconds_left(arguments[0] if arguments else "worker") > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
