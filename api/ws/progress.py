"""The progress of a job, or of a batch, told on a socket as it happens."""

import asyncio
import json
from contextlib import aclosing, suppress
from typing import Annotated, NoReturn

import structlog
from fastapi import APIRouter, Depends, Query, WebSocket
from fastapi.security import SecurityScopes
from starlette.websockets import WebSocketDisconnect

from api.dependencies import CurrentSettings, CurrentStreams, Services, authenticate, bearer_token
from api.stories import Frame, Story, story_of
from api.streams import DONE, SEND_SECONDS, Ending, converse
from backplane.errors import InsufficientScope, NotFound
from backplane.metrics import SOCKETS
from backplane.services.tokens import Principal

CLOSE_SECONDS = 2.0
MAX_SEQ = 2**31 - 1

log = structlog.get_logger()
router = APIRouter()


async def admit(socket: WebSocket, subject: str, services: Services, settings: CurrentSettings) -> Principal:
    """Let in who sends a token in a header, or a ticket in the query; nothing else is looked at, no cookie."""
    origins, tickets = socket.headers.getlist("origin"), socket.query_params.getlist("ticket")
    if tickets:
        if len(tickets) > 1:
            raise InsufficientScope("One ticket is enough")
        caller = await services.tickets.spend(tickets[0], subject=subject, origins=origins)
    else:
        caller = await authenticate(SecurityScopes(["jobs:read"]), await bearer_token(socket), services)
        # Programs send no Origin; a page that does must be a listed one.
        if not set(origins) <= set(settings.allowed_origins):
            raise InsufficientScope("This origin is not in ALLOWED_ORIGINS")
    await services.sessions.demand(caller.session_id)
    return caller


@router.websocket("/ws/progress/{subject}")
async def follow_progress(
    *,
    socket: WebSocket,
    subject: str,
    caller: Annotated[Principal, Depends(admit)],
    services: Services,
    streams: CurrentStreams,
    last_seq: Annotated[int, Query(ge=0, le=MAX_SEQ)] = 0,
) -> None:
    async with aclosing(story_of(services, caller, subject, last_seq=last_seq)) as story:
        first = await anext(story)
        with streams.open(caller) as ending, SOCKETS.track_inprogress():
            await socket.accept()
            end = await converse(_tell(socket, first, story), _leave(socket), ending)
    await _close(socket, end)


@router.websocket("/{path:path}")
async def nothing_here() -> NoReturn:
    """A socket's handshake at any other address is refused like any other request."""
    raise NotFound("There is nothing at this address")


async def _tell(socket: WebSocket, first: Frame | None, story: Story) -> Ending:
    await _send(socket, first)
    del first
    async for frame in story:
        await _send(socket, frame)
    return DONE


async def _send(socket: WebSocket, frame: Frame | None) -> None:
    if frame is not None:
        async with asyncio.timeout(SEND_SECONDS):
            await socket.send_text(json.dumps(frame, separators=(",", ":")))


async def _leave(socket: WebSocket) -> None:
    # Without it nobody would notice that the caller has gone, and the server would wait for this handler when it stops.
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _close(socket: WebSocket, ending: Ending | None) -> None:
    log.info("progress.closed", code=ending.code if ending is not None else None)
    if ending is not None:
        with suppress(WebSocketDisconnect, RuntimeError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await socket.close(ending.code, ending.reason)
