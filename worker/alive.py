"""`python -m worker.alive`: exit 0 where the worker's loop has turned within a minute. The liveness probe of a pod."""

import os
import sys
import tempfile
import time
from pathlib import Path

SEEN_SECONDS = 60


def alive_file() -> Path:
    """The file that the worker touches; WORKER_ALIVE_FILE moves it."""
    return Path(os.environ.get("WORKER_ALIVE_FILE") or Path(tempfile.gettempdir()) / "imageshield-worker.alive")


def main() -> int:
    try:
        age = time.time() - alive_file().stat().st_mtime
    except FileNotFoundError:
        return 1
    return 0 if age < SEEN_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
