"""The progress of a job, told as it happens.

Five things go on at once: the job is followed, frames are sent, the caller is listened to for its going away, the
time runs, and the gateway may be asked to stop. The first that ends decides how the socket closes, and takes the
others with it.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import structlog
from fastapi import APIRouter, Query, Security, WebSocket
from starlette.websockets import WebSocketDisconnect

from api.dependencies import CurrentDraining, CurrentSettings, Services, authenticate
from api.draining import Draining
from api.schemas.jobs import frame, snapshot
from backplane import ids
from backplane.errors import ApplicationError, InsufficientScope, NotFound
from backplane.metrics import SOCKETS
from backplane.services.jobs import JobFacts
from backplane.services.progress import Event
from backplane.services.tokens import Principal
from backplane.settings import Settings

QUEUE_LENGTH = 64
SEND_SECONDS = 10.0
CLOSE_SECONDS = 2.0
LIFETIME_SECONDS = 3600.0
MAX_SEQ = 2**31 - 1

DONE, FAILED, RESTARTING, COME_BACK, UNAUTHENTICATED = 1000, 1011, 1012, 1013, 4401

log = structlog.get_logger()
router = APIRouter()
Feed = AsyncGenerator[JobFacts | Event | None]


@dataclass(frozen=True, slots=True)
class Ending:
    """How a socket closes."""

    code: int
    reason: str


@router.websocket("/ws/progress/{job_id}")
async def follow_progress(
    *,
    socket: WebSocket,
    job_id: str,
    caller: Annotated[Principal, Security(authenticate, scopes=["jobs:read"])],
    services: Services,
    settings: CurrentSettings,
    draining: CurrentDraining,
    last_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)] = 0,
) -> None:
    check_origin(socket, settings)
    feed = services.progress.follow(caller.account_id, ids.from_wire("job", job_id), last_seq=last_seq)
    async with aclosing(feed):
        facts = await anext(feed)
        await socket.accept()
        with SOCKETS.track_inprogress():
            await _close(socket, await _converse(socket, facts, feed, caller, draining))


@router.websocket("/{path:path}")
async def nothing_here() -> NoReturn:
    """A socket's handshake at any other address is refused like any other request."""
    raise NotFound("There is nothing at this address")


def check_origin(socket: WebSocket, settings: Settings) -> None:
    """Programs send no Origin; a page that does must be a listed one."""
    origins = socket.headers.getlist("origin")
    if not set(origins) <= set(settings.allowed_origins):
        raise InsufficientScope("This origin is not in ALLOWED_ORIGINS")


async def _converse(
    socket: WebSocket, facts: JobFacts, feed: Feed, caller: Principal, draining: Draining
) -> Ending | None:
    """Talk until there is a reason to stop; None where there is nobody to tell it to."""
    frames: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(QUEUE_LENGTH)
    tasks = [
        asyncio.create_task(work)
        for work in (
            _send(socket, frames),
            _fill(frames, facts, feed),
            _listen(socket),
            _expire(caller),
            _stop(draining),
        )
    ]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    try:
        return next(task.result() for task in tasks if task in done)
    except (WebSocketDisconnect, TimeoutError):
        return None
    except ApplicationError:
        return Ending(COME_BACK, "try again")
    except Exception:
        log.exception("progress.failed")
        return Ending(FAILED, "something went wrong")


async def _fill(frames: asyncio.Queue[dict[str, Any] | None], facts: JobFacts, feed: Feed) -> Ending:
    await frames.put(snapshot(facts))
    async for event in feed:
        if not isinstance(event, Event):
            continue
        if event.seq <= facts.event_seq:
            # What was missed is read from rows, and may wait there until the reader has room for it.
            await frames.put(frame(event))
        elif frames.full():
            return Ending(COME_BACK, "you read too slowly; come back with last_seq")
        else:
            frames.put_nowait(frame(event))
    await frames.put(None)
    return await asyncio.get_running_loop().create_future()  # it is the sender who knows when all has been sent


async def _send(socket: WebSocket, frames: asyncio.Queue[dict[str, Any] | None]) -> Ending:
    while (one := await frames.get()) is not None:
        async with asyncio.timeout(SEND_SECONDS):
            await socket.send_text(json.dumps(one, separators=(",", ":")))
    return Ending(DONE, "the job has ended")


async def _listen(socket: WebSocket) -> None:
    # Without it nobody would notice that the caller has gone, and the server would wait for this handler when it stops.
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _expire(caller: Principal) -> Ending:
    await asyncio.sleep(min(LIFETIME_SECONDS, caller.expires_at - time.time()))
    return Ending(UNAUTHENTICATED, "come back with a new token")


async def _stop(draining: Draining) -> Ending:
    await draining.wait()
    return Ending(RESTARTING, "the gateway stops; come back with last_seq")


async def _close(socket: WebSocket, ending: Ending | None) -> None:
    if ending is not None:
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await socket.close(ending.code, ending.reason)
