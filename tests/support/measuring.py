"""What `make test` measures the coverage of: the test processes, while they call the code themselves.

Measuring a process makes it a third slower, and its start by half. So the processes that tests start are not measured,
except those of one whole system (tests/flows/test_metrics.py), and a test process is not while it only talks to them.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath

from coverage import Coverage

UNMEASURED = ("console", "faults", "flows", "house")
"""Folders whose tests look at a running system, or at the project's files, from outside."""

VARIABLE = "COVERAGE_PROCESS_CONFIG"
"""With it in its environment, a process of Python measures itself."""

_taken: dict[str, str] = {}


def leave_children_out() -> None:
    """Do not measure processes that this one starts from now on."""
    if VARIABLE in os.environ:
        _taken[VARIABLE] = os.environ.pop(VARIABLE)


def measured_child() -> dict[str, str]:
    """Return what a process needs in its environment to be measured; nothing if this one is not."""
    return dict(_taken)


@contextmanager
def measuring(file: PurePosixPath) -> Iterator[None]:
    """Measure this process during a test file, whose path is relative to tests, or not."""
    coverage = Coverage.current() if file.parts[0] in UNMEASURED else None
    if coverage is not None:
        coverage.stop()
    try:
        yield
    finally:
        if coverage is not None:
            coverage.start()
