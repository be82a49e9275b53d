"""Write-behind: what is noted in memory beside the requests is written to the database regularly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import structlog

from backplane.errors import ApplicationError

log = structlog.get_logger()


@asynccontextmanager
async def writing_behind(write: Callable[[], Awaitable[None]], *, seconds: float, lost: str) -> AsyncIterator[None]:
    """Write every so many seconds while the block runs, and at its end.

    After an ApplicationError the next write tries again; any other error is logged as the event `lost`.
    """
    task = asyncio.create_task(_write_regularly(write, seconds, lost))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        with suppress(ApplicationError):
            await write()


async def _write_regularly(write: Callable[[], Awaitable[None]], seconds: float, lost: str) -> None:
    while True:
        await asyncio.sleep(seconds)
        try:
            await write()
        except ApplicationError:
            continue
        except Exception:
            log.exception(lost)
