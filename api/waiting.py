"""Waiting for a job's end, without holding anything that others need."""

import asyncio
from contextlib import aclosing
from uuid import UUID

from starlette.requests import ClientDisconnect, Request

from api.draining import Draining
from backplane.services.jobs import JobFacts
from backplane.wiring import GatewayServices


async def wait_for_end(request: Request, account_id: UUID, job_id: UUID, *, seconds: float) -> JobFacts:
    """Return the job as it stands at its end, after so many seconds, or when the gateway is asked to stop.

    The body must have been read: what comes after it is the caller's going away, which ends the wait with
    ClientDisconnect.
    """
    services: GatewayServices = request.app.state.services
    draining: Draining = request.app.state.draining
    gone = asyncio.create_task(_until_gone(request))
    tasks = {
        gone,
        asyncio.create_task(_until_ended(services, account_id, job_id)),
        asyncio.create_task(draining.wait()),
    }
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
    return await services.jobs.get(account_id, job_id)


async def _until_ended(services: GatewayServices, account_id: UUID, job_id: UUID) -> None:
    async with aclosing(services.progress.follow(account_id, job_id)) as feed:
        async for _ in feed:
            pass


async def _until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
