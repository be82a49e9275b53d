"""Duration of single jobs on an otherwise idle system, as their owner sees it."""

import statistics
import time

from benchmarks.goals import lower
from benchmarks.load.client import form, joined
from benchmarks.pictures import jpeg_of_5_mb, photograph


async def run(stage):
    rounds = 3 if stage.quick else 9
    async with joined(stage.url) as client:
        jpeg = jpeg_of_5_mb()
        whole = [await wait_for_one(client, form(jpeg, "photo.jpg")) for _ in range(rounds)]
        small = form(photograph(512, 512))
        beside = [await wait_for_one(client, small) for _ in range(3 * rounds)]
    size = f"a JPEG of {len(jpeg) / 1e6:.1f} MB"
    how = f"from POST /encrypt to the event `completed` on a socket, {size}, balanced, auto; median of {rounds}, idle"
    between = (
        "from the 202 to the event `completed` on a socket opened then, less the stages of the core, 512 x 512 PNG"
    )
    return [
        lower("whole_job_5mb_jpeg_s", median(whole, "whole_s"), 0.5, 0.25, how),
        lower("beside_core_512_ms", median(beside, "beside_ms"), 100, 40, f"{between}; median of {3 * rounds}, idle"),
        lower("submit_512_ms", median(beside, "submit_ms"), None, None, "POST /encrypt of it up to the 202; median"),
    ]


async def wait_for_one(client, prepared):
    started = time.time()
    job_id = await client.submit(prepared)
    accepted = time.time()
    _, ended = await client.follow(job_id)
    job = await client.job(job_id)
    core_ms = sum(job["metrics"]["timings_ms"].values())
    return {
        "whole_s": ended - started,
        "submit_ms": (accepted - started) * 1000,
        "beside_ms": (ended - accepted) * 1000 - core_ms,
    }


def median(rounds, name):
    # The first round is cold: it opens connections and touches new memory pages.
    return statistics.median(one[name] for one in rounds[1:])
