"""A thousand jobs: lasting growth of memory and open files."""

import asyncio
from collections import defaultdict

from benchmarks.goals import lower
from benchmarks.load import processes
from benchmarks.load.client import form, joined
from benchmarks.load.figures import slope
from benchmarks.load.scenes.throughput import finish, submit
from benchmarks.pictures import photograph

MB = 1e6
WARM = 0.25
"""The part of the run in which pools and caches fill."""


async def run(stage):
    count = 80 if stage.quick else 1000
    step = count // 20
    small = form(photograph(256, 256))
    memory, files = defaultdict(list), defaultdict(list)
    async with joined(stage.url) as client:
        for done in range(step, count + step, step):
            await finish(stage, await submit(client, small, step))
            await asyncio.sleep(0.1)  # the last child still closes its files
            if done > WARM * count:
                look(stage, done, memory, files)
    grown = {pid: slope(points) * 100 / MB for pid, points in memory.items() if len(points) > 3}
    how = f"{count} encryptions of a 256 x 256 PNG, looked at after every {step} from {WARM:.0%} on"
    return [
        lower("worker_mb_a_100_jobs", max(grown.values()), 1, None, f"{how}: steepest slope of a child's resident set"),
        lower(
            "open_files_growth",
            max(max(late(counts)) - max(early(counts)) for counts in files.values()),
            0,
            None,
            f"{how}: most of the last half less most of the first, of gateway, relay, worker and its children",
        ),
    ]


def look(stage, done, memory, files):
    children = stage.workers()
    for pid in children:
        memory[pid].append((done, processes.resident_bytes(pid)))
    for pid in (*children, *map(stage.pid, ("gateway", "relay", "worker"))):
        files[pid].append(processes.open_files(pid))


def early(counts):
    return counts[: max(1, len(counts) // 2)]


def late(counts):
    return counts[len(counts) // 2 :]
