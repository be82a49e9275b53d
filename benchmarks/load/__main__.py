"""Load the running service and compare it with its goals: print a table and write benchmarks/load.json.

python -m benchmarks.load [--quick] [--row PATTERN] [--output FILE]
"""

import argparse
import asyncio
import resource
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import groupby
from pathlib import Path

from benchmarks.goals import Row
from benchmarks.load.scenes import (
    logins,
    requests,
    slow_heads,
    soak,
    sockets,
    starting,
    throughput,
    uploads,
    whole_jobs,
)
from benchmarks.load.stage import staged
from benchmarks.reports import machine, print_rows, write

RESULTS = Path(__file__).parents[1] / "load.json"
OPEN_FILES = 8192
"""Enough for a thousand sockets: this process holds one end of each, and its children inherit the limit."""


@dataclass(frozen=True)
class Scene:
    """One load on a system with a number of workers, and the rows that result from it."""

    name: str
    workers: int
    run: Callable
    rows: tuple[str, ...]


PROCESSES = ("gateway", "worker", "relay", "postgres", "valkey", "seaweedfs")
SCENES = (
    Scene("whole_jobs", 2, whole_jobs.run, ("whole_job_5mb_jpeg_s", "beside_core_512_ms", "submit_512_ms")),
    Scene(
        "throughput",
        2,
        throughput.run,
        ("small_jobs_a_second", "processor_ms_a_job", *(f"processor_ms_a_job_{name}" for name in PROCESSES)),
    ),
    Scene("sockets", 2, sockets.run, ("terminal_event_s", "terminal_event_p50_s", "socket_kb")),
    Scene("slow_heads", 2, slow_heads.run, ("slow_heads_p95_ratio", "slow_heads_cut_s")),
    Scene(
        "logins",
        2,
        logins.run,
        ("logins_refused", "logins_idle_ms", "logins_beside_uploads", "logins_beside_key_files"),
    ),
    Scene("soak", 2, soak.run, ("worker_mb_a_100_jobs", "open_files_growth")),
    Scene("uploads", 2, uploads.run, ("uploads_refused_otherwise", "uploads_peak_mb", "uploads_files_left")),
    Scene("requests", 4, requests.run, ("api_p95_ms", "api_refused", "api_p50_ms", "loop_lag_p99_ms")),
)
STARTING = Scene("starting", 2, starting.run, ("cold_start_second_run_s", "cold_start_first_run_s"))


def fits(scene, pattern):
    return any(fnmatch(name, pattern) for name in (scene.name, *scene.rows))


def play(scenes, *, quick):
    """Run scenes; neighbors with the same number of workers share one system."""
    rows = []
    for workers, group in groupby(scenes, key=lambda scene: scene.workers):
        with staged(workers=workers, quick=quick) as stage:
            for scene in group:
                print(scene.name, file=sys.stderr, flush=True)
                rows += attempt(scene, lambda scene=scene, stage=stage: asyncio.run(scene.run(stage)))
    return rows


def attempt(scene, act):
    """Return the rows of a scene. If it fails, return rows that say so, and let the other scenes run."""
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - whatever it is
        traceback.print_exc()
        return [Row(name, None, None, None, "lower", f"failed: {type(error).__name__}") for name in scene.rows]


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of everything; only reports")
    parser.add_argument("--row", metavar="PATTERN", default="*", help="a scene or the id of a row, * for anything")
    parser.add_argument("--output", type=Path, help="where to write; by default, all rows to benchmarks/load.json")
    options = parser.parse_args()
    chosen = [scene for scene in SCENES if fits(scene, options.row)]
    starts = fits(STARTING, options.row)
    if not chosen and not starts:
        names = ", ".join(scene.name for scene in (*SCENES, STARTING))
        parser.error(f"nothing fits {options.row}; there are {names}, and the ids of docs/explanation/performance.md")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, OPEN_FILES)), hard))
    where = machine()
    rows = play(chosen, quick=options.quick)
    if starts:
        rows += attempt(STARTING, lambda: STARTING.run(quick=options.quick))
    if options.quick:
        rows = [replace(row, goal=None, stretch=None) for row in rows]
    print(where)
    print_rows(rows)
    everything = options.row == "*" and not options.quick
    output = options.output or (RESULTS if everything else None)
    if output:
        write(output, where, rows)
    sys.exit(any(row.measured is None for row in rows))


if __name__ == "__main__":
    main()
