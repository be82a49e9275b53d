"""The progress of a job or a batch, on a WebSocket."""

import asyncio
import json
from contextlib import aclosing, suppress
from typing import Annotated, NoReturn

import structlog
from fastapi import APIRouter, Depends, Query, WebSocket
from fastapi.security import SecurityScopes
from starlette.types import Receive, Send

from api.admission import ChosenAccount, admit, principal_of, require_session
from api.dependencies import (
    CurrentFeeds,
    CurrentSettings,
    CurrentStreams,
    Identity,
    api_key_header,
    authenticate,
    bearer_token,
    verify_credential,
)
from api.live.counts import Sort
from api.live.messages import Message, Messages, messages_of
from api.live.streams import DONE, GONE, SEND_SECONDS, Ending, OpenStreams, Stream, run_stream
from api.middleware.handover import hand_over
from api.schemas.values import WholeNumber
from backplane.errors import InsufficientScope, NotFound
from backplane.metrics import SOCKETS
from backplane.services.requests.caller import Caller

CLOSE_SECONDS = 2.0
MAX_SEQ = 2**31 - 1
NEEDED = SecurityScopes(["jobs:read"])

log = structlog.get_logger()
router = APIRouter()


async def open_to(
    socket: WebSocket, subject: str, identity: Identity, settings: CurrentSettings, account: ChosenAccount = None
) -> Caller:
    """Admit a client with a token in a header, or a ticket in the query; cookies are ignored."""
    origins, tickets = socket.headers.getlist("origin"), socket.query_params.getlist("ticket")
    if tickets:
        if len(tickets) > 1:
            raise InsufficientScope("One ticket is enough")
        ticket = await identity.tickets.spend(tickets[0], subject=subject, origins=origins)
        caller = await admit(ticket.holder, NEEDED, identity, socket, account_id=ticket.account_id)
    else:
        credential = await verify_credential(await bearer_token(socket), await api_key_header(socket), identity, socket)
        caller = await authenticate(NEEDED, credential, identity, socket, account)
        # Programs send no Origin; a page that does must be a listed one.
        if not set(origins) <= set(settings.origins):
            raise InsufficientScope("This origin is neither PUBLIC_URL nor in ALLOWED_ORIGINS")
    await require_session(identity, principal_of(socket))
    return caller


@router.websocket("/ws/progress/{subject}")
async def follow_progress(
    *,
    socket: WebSocket,
    subject: str,
    caller: Annotated[Caller, Depends(open_to)],
    feeds: CurrentFeeds,
    streams: CurrentStreams,
    last_seq: Annotated[WholeNumber, Query(ge=0, le=MAX_SEQ)] = 0,
) -> None:
    stream = streams.open(caller, principal_of(socket), Sort.SOCKETS)
    messages = messages_of(feeds, caller, subject, last_seq=last_seq)
    try:
        first = await anext(messages)
        await socket.accept()
    except BaseException:
        await messages.aclose()
        streams.close(stream)
        raise
    hand_over(socket, ProgressSocket(first, messages, streams, stream, socket.state.request_id))


@router.websocket("/{path:path}")
async def nothing_here() -> NoReturn:
    """Refuse a handshake at any other address, like any other request."""
    raise NotFound("There is nothing at this address")


class ProgressSocket:
    """Sends the messages of an accepted socket, from the first one on."""

    __slots__ = ("_first", "_messages", "_request_id", "_stream", "_streams")

    def __init__(
        self, first: Message | None, messages: Messages, streams: OpenStreams, stream: Stream, request_id: str
    ) -> None:
        self._first: Message | None = first
        self._messages = messages
        self._streams = streams
        self._stream = stream
        self._request_id = request_id

    async def __call__(self, receive: Receive, send: Send) -> None:
        SOCKETS.inc()
        try:
            async with aclosing(self._messages):
                end = await run_stream(self._send_messages(send), _wait_for_disconnect(receive), self._stream.ending)
        finally:
            SOCKETS.dec()
            self._streams.close(self._stream)
        log.info("progress.closed", request_id=self._request_id, code=end.code if end is not None else None)
        if end is not None:
            with suppress(RuntimeError, *GONE):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await send({"type": "websocket.close", "code": end.code, "reason": end.reason})

    async def _send_messages(self, send: Send) -> Ending:
        await _send(send, self._first)
        self._first = None
        async for message in self._messages:
            await _send(send, message)
        return DONE


async def _send(send: Send, message: Message | None) -> None:
    if message is not None:
        async with asyncio.timeout(SEND_SECONDS):
            await send({"type": "websocket.send", "text": json.dumps(message, separators=(",", ":"))})


async def _wait_for_disconnect(receive: Receive) -> None:
    # Otherwise nothing would notice that the client has gone, and the server would wait for it when it stops.
    while (await receive())["type"] != "websocket.disconnect":
        pass
