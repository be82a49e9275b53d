"""Loop lag: how late the event loop runs what is due, which every request waits for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import Histogram

from backplane.metrics import LOOP_LAG

SAMPLE_SECONDS = 0.05
"""Twenty a second: enough to see what takes longer than that, and a thousandth of a core."""


@asynccontextmanager
async def loop_lag_measured(lag: Histogram = LOOP_LAG) -> AsyncIterator[None]:
    """Measure the lag while the block runs."""
    task = asyncio.create_task(_sample(lag))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sample(lag: Histogram) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + SAMPLE_SECONDS
        await asyncio.sleep(SAMPLE_SECONDS)
        lag.observe(max(0.0, loop.time() - due))
