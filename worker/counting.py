"""Files in which the children of a pool count, for their parent to export: in memory each would count for itself."""

import os
import shutil
from pathlib import Path
from typing import Any

from billiard.process import current_process
from prometheus_client import values

from backplane.alive import alive_file
from backplane.settings import load_settings

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"


def prepare(**_: Any) -> None:
    """Let everything be counted in files, begun anew; to be called before `backplane.metrics` is imported.

    Raises:
        SystemExit: what lies there is somebody else's.
    """
    if load_settings().metrics_port is None:
        return
    directory = alive_file("worker").with_suffix(".metrics")
    try:
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(mode=0o700)
    except OSError as error:
        raise SystemExit(f"worker: {directory} cannot be made anew ({error.strerror}): set ALIVE_DIRECTORY") from None
    os.environ[DIRECTORY] = str(directory)
    values.ValueClass = values.MultiProcessValue(process_identifier=_place_in_pool)


def directory() -> Path:
    """Return where the files are."""
    return Path(os.environ[DIRECTORY])


def _place_in_pool() -> str:
    """A child goes on where the one before it in its place ended: a pool has as many files as places, for ever."""
    return str(getattr(current_process(), "index", "parent"))
