"""Requests without uploads while jobs run, at a steady rate that does not depend on the response times."""

import asyncio
import itertools
import math
import sys
import time

from benchmarks.goals import lower
from benchmarks.load.client import form, joined
from benchmarks.load.figures import quantile_of_buckets, share
from benchmarks.pictures import photograph

RATE = 50
AT_ONCE = 4
LAG = "imageshield_event_loop_lag_seconds_bucket"
UNFINISHED = "SELECT count(*) FROM jobs WHERE status IN ('pending', 'processing')"


async def run(stage):
    seconds = 4 if stage.quick else 20
    async with joined(stage.url) as client:
        done = await client.submit(form(photograph(512, 512), analyze="true"))
        await client.end_of(done)
        paths = itertools.cycle(["/jobs", f"/jobs/{done}", "/analyze/trends", f"/jobs/{done}/receipt"])
        feeding = asyncio.create_task(keep_busy(stage, client))
        try:
            await busy(stage)
            before = stage.metric(LAG)
            took = await steadily(client, paths, seconds)
            lag = quantile_of_buckets(before, stage.metric(LAG), 0.99)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
    how = f"{len(took)} requests, {RATE} a second, for jobs, receipts, analyses, while {AT_ONCE} workers have a job"
    return [
        lower("api_p95_ms", share(took, 0.95), 100, None, f"{how}; from the moment each was due"),
        lower("api_refused", sum(map(math.isinf, took)), 0, None, "of the same, how many were not answered with 2xx"),
        lower("api_p50_ms", share(took, 0.50), None, None, "the same, median"),
        lower("loop_lag_p99_ms", lag * 1000, 100, None, "imageshield_event_loop_lag_seconds of the gateway, meanwhile"),
    ]


async def steadily(client, paths, seconds):
    """Send each request when it is due, without waiting for earlier responses.

    Returns the milliseconds from the due time to the response of each; infinity for a refused one.
    """
    start = time.perf_counter() + 0.1

    async def one(number):
        due = start + number / RATE
        await asyncio.sleep(due - time.perf_counter())
        answer = await client.http.get(next(paths))
        if answer.is_error:
            print(f"  {answer.status_code} {answer.text}", file=sys.stderr)
            return math.inf
        return (time.perf_counter() - due) * 1000

    return await asyncio.gather(*(one(number) for number in range(RATE * seconds)))


async def keep_busy(stage, client):
    """Keep enough jobs in the queue that no worker is idle. Each has a megabyte and takes half a second."""
    prepared = form(photograph(2000, 1500, "JPEG"), "photo.jpg", layout="pixels", analyze="true")
    while True:
        if (await stage.query(UNFINISHED))[0]["count"] < AT_ONCE + 2:
            await client.submit(prepared)
        else:
            await asyncio.sleep(0.1)


async def busy(stage):
    while (await stage.query(UNFINISHED))[0]["count"] < AT_ONCE:  # noqa: ASYNC110 - a database has no event to wait for
        await asyncio.sleep(0.05)
