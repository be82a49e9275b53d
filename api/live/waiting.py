"""Waiting for a job's end, without holding anything that others need."""

import asyncio
from collections.abc import Coroutine
from contextlib import aclosing
from typing import Any
from uuid import UUID

from starlette.requests import ClientDisconnect, Request

from api.serving.draining import Draining
from backplane.errors import ApplicationError
from backplane.services.batches.views import BatchFacts
from backplane.services.jobs.views import JobFacts
from backplane.wiring import GatewayServices


async def wait_for_end(request: Request, account_id: UUID, job: JobFacts, *, seconds: float) -> JobFacts:
    """Return the job as it stands at its end, after so many seconds, or when the gateway is asked to stop.

    The body must have been read: what comes after it is the caller's going away, which ends the wait with
    ClientDisconnect. Where the job can no longer be seen it is returned as it was: it is taken, and a refusal would
    make its caller send it again.
    """
    services: GatewayServices = request.app.state.services
    try:
        await _wait(request, _until_ended(services, account_id, job.id), seconds=seconds)
        return await services.jobs.get(account_id, job.id)
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


async def _until_ended(services: GatewayServices, account_id: UUID, job_id: UUID) -> None:
    async with aclosing(services.progress.follow(account_id, job_id)) as feed:
        async for _ in feed:
            pass


async def wait_for_batch(request: Request, account_id: UUID, batch: BatchFacts, *, seconds: float) -> BatchFacts:
    """Do what `wait_for_end` does, for all jobs of a batch."""
    services: GatewayServices = request.app.state.services
    try:
        await _wait(request, _until_all_ended(services, account_id, batch.id), seconds=seconds)
        return await services.batches.get(account_id, batch.id)
    except ApplicationError:
        return batch


async def _until_all_ended(services: GatewayServices, account_id: UUID, batch_id: UUID) -> None:
    async with aclosing(services.batch_progress.follow(account_id, batch_id)) as feed:
        async for _ in feed:
            pass


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
