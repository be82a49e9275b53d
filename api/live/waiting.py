"""Waiting for the end of a job or a batch, without holding anything that other requests need."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from typing import Any

from starlette.requests import ClientDisconnect, Request

from api.serving.draining import Draining
from backplane.errors import ApplicationError
from backplane.services.batches.views import BatchFacts
from backplane.services.jobs.views import JobFacts
from backplane.services.requests.caller import Caller
from backplane.wiring.batches import BatchServices
from backplane.wiring.jobs import JobServices


async def wait_for_end(
    request: Request, caller: Caller, jobs: JobServices, job: JobFacts, *, seconds: float
) -> JobFacts:
    """Return the job in its state at its end, after so many seconds, or when the gateway is asked to stop.

    The body must have been read. A client that disconnects ends the wait with ClientDisconnect. Where the job can no
    longer be read, it is returned as it was: it is accepted, and a refusal would make its client send it again.
    """
    try:
        await _wait(request, _until_ended(jobs.progress.follow(caller, job.id)), seconds=seconds)
        return await jobs.views.get(caller, job.id)
    except ApplicationError:
        return job


async def _wait(request: Request, end: Coroutine[Any, Any, None], *, seconds: float) -> None:
    draining: Draining = request.app.state.draining
    gone = asyncio.create_task(_until_gone(request))
    tasks = {gone, asyncio.create_task(end), asyncio.create_task(draining.wait())}
    try:
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()
    if done == {gone}:
        raise ClientDisconnect


async def _until_ended(feed: AsyncGenerator[object]) -> None:
    async with aclosing(feed):
        async for _ in feed:
            pass


async def wait_for_batch(
    request: Request, caller: Caller, batches: BatchServices, batch: BatchFacts, *, seconds: float
) -> BatchFacts:
    """Do what `wait_for_end` does, for all jobs of a batch."""
    try:
        await _wait(request, _until_ended(batches.progress.follow(caller, batch.id)), seconds=seconds)
        return await batches.views.get(caller, batch.id)
    except ApplicationError:
        return batch


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
