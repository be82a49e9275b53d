"""How late the event loop comes to what is due: what a request waits for before anybody looks at it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from backplane.metrics import LOOP_LAG

SAMPLE_SECONDS = 0.05
"""Twenty a second: enough to see what takes longer than that, and a thousandth of a core."""


@asynccontextmanager
async def pulse_taken() -> AsyncIterator[None]:
    """Measure while the block runs."""
    task = asyncio.create_task(_sample())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _sample() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + SAMPLE_SECONDS
        await asyncio.sleep(SAMPLE_SECONDS)
        LOOP_LAG.observe(max(0.0, loop.time() - due))
