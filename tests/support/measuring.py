"""What `make test` measures the coverage of: the test processes, while they call the code themselves.

Measuring a process makes it a third slower, its start by half, and a loop of plain Python five times. So the processes
that tests start are not measured, except those of one whole system (tests/flows/test_metrics.py). A test process is not
while it only talks to them, nor in tests with the mark `slow`, which repeat with many inputs what others cover.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from coverage import Coverage

TESTS = Path(__file__).parents[1]
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
def measuring(item: pytest.Item) -> Iterator[None]:
    """Measure this process during the test, or not."""
    coverage = None if _is_measured(item) else Coverage.current()
    # Not `stop` and `start` of the measure itself: with each start it would patch `os._exit` and the environment again.
    collector = None if coverage is None else coverage._collector
    if collector is not None:
        collector.stop()
    try:
        yield
    finally:
        if collector is not None:
            collector.start()


def _is_measured(item: pytest.Item) -> bool:
    folder = item.path.relative_to(TESTS).parts[0]
    return folder not in UNMEASURED and item.get_closest_marker("slow") is None
