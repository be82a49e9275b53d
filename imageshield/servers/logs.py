"""Bounded log files of child processes. The children write directly, so they do not depend on a living supervisor."""

import os
import shutil
from pathlib import Path
from typing import IO

MAX_BYTES = 10_000_000
"""Each process has two files of this size: they hold days of an idle service, and minutes of a failing one."""


def open_append(path: Path) -> IO[bytes]:
    trim(path)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab", buffering=0)


def trim(path: Path) -> None:
    """Copy a full log aside and empty it. The writer keeps its descriptor: its appends then start at zero."""
    if not path.exists() or path.stat().st_size < MAX_BYTES:
        return
    aside = path.with_suffix(".log.1")
    shutil.copyfile(path, aside)
    aside.chmod(0o600)
    os.truncate(path, 0)


def tail(path: Path, *, lines: int = 12) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 8192))
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
