"""`python -m worker.alive [worker|relay]`: exit 0 where its loop has turned within a minute. The probe of a pod."""

import os
import sys
import tempfile
import time
from pathlib import Path

SEEN_SECONDS = 60


def alive_file(name: str) -> Path:
    """Name the file that the process touches while its loop turns; ALIVE_DIRECTORY moves it."""
    return Path(os.environ.get("ALIVE_DIRECTORY") or tempfile.gettempdir()) / f"imageshield-{name}.alive"


def main(arguments: list[str]) -> int:
    try:
        age = time.time() - alive_file(arguments[0] if arguments else "worker").stat().st_mtime
    except FileNotFoundError:
        return 1
    return 0 if age < SEEN_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
