"""A pod's liveness probe: `python -m backplane.alive [worker|relay]` exits 0 if the process worked within a minute.

A worker must ask the queue for work. It touches its file when the queue has answered, when it found the queue closed,
and while its children work on a job. A process that exists, or whose event loop runs, proves nothing: we have seen
workers whose loop continues after a reconnect and that never ask again.
"""

import os
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

SEEN_SECONDS = 60


def alive_file(name: str) -> Path:
    """Return the file that the process touches when it has worked; ALIVE_DIRECTORY sets its directory."""
    return Path(os.environ.get("ALIVE_DIRECTORY") or tempfile.gettempdir()) / f"imageshield-{name}.alive"


def note(name: str) -> None:
    """Touch the file of a process that has started; without a file the process is not alive yet."""
    with suppress(FileNotFoundError):
        os.utime(alive_file(name))


def seconds_left(name: str) -> float:
    """Return how long the process counts as alive without another touch of its file; 0 or less if it does not."""
    try:
        return SEEN_SECONDS - (time.time() - alive_file(name).stat().st_mtime)
    except FileNotFoundError:
        return 0


def main(arguments: list[str]) -> int:
    return 0 if seconds_left(arguments[0] if arguments else "worker") > 0 else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
