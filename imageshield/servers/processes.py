"""Process records: they reveal reused pids, and name the processes that a killed supervisor left behind."""

import contextlib
import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

PROC = Path("/proc")
SURVIVOR_SECONDS = 10.0


@dataclass(frozen=True)
class Record:
    """The record of a process in the data directory. Its start time reveals a later process with the same pid."""

    pid: int
    started: str
    stop_signal: int

    def save(self, path: Path) -> None:
        temporary = path.with_suffix(".new")
        temporary.write_text(json.dumps(asdict(self)))
        temporary.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Record | None":
        try:
            return cls(**json.loads(path.read_text()))
        except (ValueError, TypeError):
            return None

    @property
    def alive(self) -> bool:
        return start_time(self.pid) == self.started


def start_time(pid: int) -> str | None:
    """Return when a process started; None if it does not exist or is a zombie."""
    if not PROC.joinpath("self/stat").exists():
        found = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return found.stdout.strip() or None
    fields = _stat(pid)
    return None if fields is None or fields[0] == "Z" else fields[19]


def children(pid: int) -> list[int]:
    """List the direct children of a process."""
    if not PROC.joinpath("self/stat").exists():
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
        return [int(line) for line in found.stdout.split()]
    return sorted(other for other in _pids() if (fields := _stat(other)) is not None and int(fields[1]) == pid)


def working_in(directory: Path) -> list[int]:
    """List the processes with this working directory; none on systems without /proc."""
    found = []
    for pid in _pids():
        with contextlib.suppress(OSError):
            if (PROC / str(pid) / "cwd").readlink() == directory and start_time(pid) is not None:
                found.append(pid)
    return found


def kill_group(leader: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def stop_survivors(records: Path) -> list[str]:
    """Stop the processes that a killed supervisor left running. The caller holds the lock of the data directory."""
    found = []
    for path in sorted(records.glob("*.json")):
        record = Record.load(path)
        if record is not None and record.alive:
            found.append(path.stem)
            _end(record)
        path.unlink(missing_ok=True)
    return found


def _end(record: Record) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(record.pid, record.stop_signal)
    deadline = time.monotonic() + SURVIVOR_SECONDS
    while record.alive and time.monotonic() < deadline:
        time.sleep(0.02)
    if record.alive:
        kill_group(record.pid)
    while record.alive:
        time.sleep(0.02)


def _pids() -> list[int]:
    return [int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit()] if PROC.is_dir() else []


def _stat(pid: int) -> list[str] | None:
    """Read the fields of `/proc/PID/stat` from the state on: the name before may hold any character."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
