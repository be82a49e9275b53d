"""Start time of `imageshield up`, from the command to its ready line: in an empty and in a used data directory."""

import json
import signal
import statistics
import subprocess
import sys
import time

from benchmarks.goals import lower
from benchmarks.load.stage import environment
from imageshield.servers.home import scratch
from imageshield.servers.system import ROOT


def run(*, quick):
    with scratch() as place:
        seconds = [start(place) for _ in range(2 if quick else 4)]
    how = "imageshield up, from the start of the process to its ready line, with an installation that was used before"
    return [
        lower("cold_start_second_run_s", statistics.median(seconds[1:]), 8, 4, f"{how}; median of {len(seconds) - 1}"),
        lower("cold_start_first_run_s", seconds[0], None, None, "the same, in an empty directory"),
    ]


def start(place):
    """Start a system, wait for its ready line, and stop it. Returns the seconds to the line."""
    command = [sys.executable, "-m", "imageshield", "up", "--port", "0", "--data-dir", str(place), "--workers", "2"]
    began = time.perf_counter()
    child = subprocess.Popen(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        ready = json.loads(child.stdout.readline() or "{}").get("ready")
        took = time.perf_counter() - began
    finally:
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=90)
    if not ready:
        raise RuntimeError("the system did not start: `imageshield up` says why")
    return took
