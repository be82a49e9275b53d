"""Resource use of processes, read from the kernel: memory, processor time, open files."""

import os
from pathlib import Path

from imageshield.servers import processes

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
USED, REAPED = (11, 12), (13, 14)
"""Positions of user and system time in `/proc/PID/stat` after the name: of the process, and of its ended children."""


def family(pid):
    """List a process and all its descendants."""
    found, left = [], [pid]
    while left:
        found.append(left.pop())
        left += processes.children(found[-1])
    return found


def resident_bytes(pid):
    return int(_read(pid, "statm").split()[1]) * PAGE


def private_bytes(pid):
    """Return the private memory of a process: memory that a child shares with its parent would be counted twice."""
    lines = _read(pid, "smaps_rollup").splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Private"))


def open_files(pid):
    return len(list((PROC / str(pid) / "fd").iterdir()))


def processor_ms(pid):
    """Return the processor time of a process and all its descendants, including ended ones."""
    members = family(pid)
    fields = [_fields(member) for member in members]
    own = sum(int(some[place]) for some in fields if some for place in USED)
    reaped = sum(int(some[place]) for some in fields if some for place in REAPED)
    return (own + reaped) * 1000 / TICKS


def _fields(pid):
    return _read(pid, "stat").rpartition(")")[2].split()


def _read(pid, name):
    try:
        return (PROC / str(pid) / name).read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""  # the process has ended meanwhile
