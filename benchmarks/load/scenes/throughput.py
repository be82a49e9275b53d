"""Throughput of small jobs, and the processor time of each process per job."""

import asyncio

from benchmarks.goals import higher, lower
from benchmarks.load.client import at_once, form, joined
from benchmarks.pictures import photograph

SUBMITTERS = 8
ENDED = "SELECT count(*) FROM jobs WHERE status = 'completed' AND id = ANY($1::uuid[])"
SPAN = """
SELECT extract(epoch FROM max(completed_at) - min(created_at))::float8 AS seconds
FROM jobs WHERE id = ANY($1::uuid[])
"""


async def run(stage):
    count = 60 if stage.quick else 400
    async with joined(stage.url) as client:
        small = form(photograph(512, 512))
        await finish(stage, await submit(client, small, 20))
        before = stage.processor_ms()
        job_ids = await submit(client, small, count)
        await finish(stage, job_ids)
        after = stage.processor_ms()
    [span] = await stage.query(SPAN, job_ids)
    each = {name: (after[name] - before[name]) / count for name in after}
    how = f"{count} encryptions of a 512 x 512 PNG from the first 202 to the last end, {SUBMITTERS} sent at a time"
    by_kernel = "user and system time of {} and all below it over the same jobs, by the kernel's count, a job"
    return [
        higher("small_jobs_a_second", count / span["seconds"], 15, 40, f"{how}, everything on the same machine"),
        lower("processor_ms_a_job", sum(each.values()), 100, 40, by_kernel.format("all processes but the driver")),
        *(lower(f"processor_ms_a_job_{name}", took, None, None, by_kernel.format(name)) for name, took in each.items()),
    ]


async def submit(client, prepared, count):
    names = await at_once((client.submit(prepared) for _ in range(count)), SUBMITTERS)
    return [name.removeprefix("job_") for name in names]


async def finish(stage, job_ids):
    """Wait for the last job. Polling the database loads no other measured process."""
    while (await stage.query(ENDED, job_ids))[0]["count"] < len(job_ids):  # noqa: ASYNC110 - see above
        await asyncio.sleep(0.1)
