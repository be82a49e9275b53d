"""Metric files in which the children of a pool count, and which their parent exports: memory is not shared."""

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
    """Count all metrics in new files; call this before `backplane.metrics` is imported.

    Raises:
        SystemExit: the directory belongs to another user.
    """
    if load_settings().metrics_port is None:
        return
    directory = alive_file("worker").with_suffix(".metrics")
    try:
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(mode=0o700)
    except OSError as error:
        raise SystemExit(f"worker: {directory} cannot be recreated ({error.strerror}): set ALIVE_DIRECTORY") from None
    os.environ[DIRECTORY] = str(directory)
    values.ValueClass = values.MultiProcessValue(process_identifier=_place_in_pool)


def directory() -> Path:
    """Return the directory of the files."""
    return Path(os.environ[DIRECTORY])


def _place_in_pool() -> str:
    """Return the child's index: a new child continues its predecessor's file, so the number of files is fixed."""
    return str(getattr(current_process(), "index", "parent"))
