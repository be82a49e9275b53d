"""The measurement of the event loop's lag."""

import asyncio
import time

import pytest
from prometheus_client import Histogram

from api.serving.loop_lag import SAMPLE_SECONDS, loop_lag_measured

pytestmark = pytest.mark.anyio


def slow_samples(lag):
    """Count the samples that were more than a quarter of a second late."""
    [metric] = lag.collect()
    buckets = {sample.labels["le"]: sample.value for sample in metric.samples if sample.name.endswith("_bucket")}
    return buckets["+Inf"] - buckets["0.25"]


async def test_a_loop_that_is_held_up_is_seen():
    lag = Histogram("lag", "Of this loop alone", buckets=(0.25, 1), registry=None)
    async with loop_lag_measured(lag):
        await asyncio.sleep(SAMPLE_SECONDS / 2)  # the sample has begun
        time.sleep(SAMPLE_SECONDS + 0.3)  # noqa: ASYNC251 - a loop that is held up is what it is about
        await asyncio.sleep(0)
        await asyncio.sleep(0.01)
    assert slow_samples(lag) == 1


async def test_nothing_is_left_running():
    async with loop_lag_measured():
        during = len(asyncio.all_tasks())
    assert len(asyncio.all_tasks()) == during - 1
