"""How late the event loop comes to what is due: what a request waits for before anybody looks at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import Histogram

from backplane.metrics import LOOP_LAG

SAMPLE_SECONDS = 0.05
"""Twenty a second: enough to see what takes longer than that, and a thousandth of a core."""


@asynccontextmanager
async def pulse_taken(lag: Histogram = LOOP_LAG) -> AsyncIterator[None]:
    """Measure while the block runs."""
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
