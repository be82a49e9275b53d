"""The progress of a job as server-sent events: the socket's messages over plain HTTP."""

import asyncio
import json
import secrets
from contextlib import aclosing, suppress
from typing import Annotated

from fastapi import Header, Query, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.admission import principal_of, require_session
from api.answers.problems import AUTHENTICATED, problems
from api.dependencies import CurrentFeeds, CurrentStreams, Identity, Jobs, Reader
from api.live.counts import Sort
from api.live.messages import Message, Messages, messages_of
from api.live.streams import DONE, SEND_SECONDS, Ending, OpenStreams, run_stream
from api.routing import Router, head_response
from api.schemas.values import WholeNumber
from backplane import ids
from backplane.metrics import EVENT_STREAMS
from backplane.services.identity.principal import Principal
from backplane.services.requests.caller import Caller

BEAT_SECONDS = 15.0
"""Proxies cut connections that are silent for longer, mostly after 30 or 60 seconds."""
MAX_SEQ = 2**31 - 1
MEDIA_TYPE = "text/event-stream"
HEADERS = {
    "Content-Type": MEDIA_TYPE,
    "Cache-Control": "no-store",
    # nginx buffers an answer until it has a page of it, unless this header forbids it.
    "X-Accel-Buffering": "no",
}

router = Router(prefix="/api/v1/jobs", tags=["jobs"])


class EventStream(Response):
    """An answer that continues; its resources are released however it ends."""

    def __init__(
        self,
        messages: Messages,
        first: Message | None,
        *,
        seen: int,
        caller: Caller,
        holder: Principal,
        streams: OpenStreams,
    ) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._messages = messages
        self._first: Message | None = first
        self._last_seen = seen
        self._caller = caller
        self._holder = holder
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - what an application is
        async with aclosing(self._messages):
            stream = self._streams.open(self._caller, self._holder, Sort.STREAMS)
            try:
                with EVENT_STREAMS.track_inprogress():
                    await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                    end = await run_stream(self._send_messages(send), _wait_for_disconnect(receive), stream.ending)
            finally:
                self._streams.close(stream)
        if end is not None:
            with suppress(TimeoutError, OSError):
                await _send(send, closing_comment(end), more=False)

    async def _send_messages(self, send: Send) -> Ending:
        # The id is that of the last event that the client received, not that of the state: if the client is cut now, it
        # has received no later event.
        await _send(send, text_of(self._first, self._last_seen))
        self._first = None
        async for message in self._messages:
            await _send(send, text_of(message))
        return DONE


@router.get(
    "/{job_id}/events",
    response_class=Response,
    responses={
        200: {
            "description": "The state, then each event as it comes; `data` is the socket's message, `id` its `seq`",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        },
        204: {"description": "`Last-Event-ID` is the last event of an ended job: there is no reason to reconnect"},
        **problems(*AUTHENTICATED, "not-found", "validation-failed", "too-many-at-once"),
    },
)
async def follow_job(
    *,
    request: Request,
    job_id: str,
    caller: Reader,
    identity: Identity,
    jobs: Jobs,
    feeds: CurrentFeeds,
    streams: CurrentStreams,
    last_event_id: Annotated[
        WholeNumber | None, Header(ge=0, le=MAX_SEQ, description="The last `id` received; precedes `last_seq`")
    ] = None,
    last_seq: Annotated[WholeNumber, Query(ge=0, le=MAX_SEQ, description="Send only events after this number")] = 0,
) -> Response:
    """Follow a job by server-sent events.

    The first event is a `snapshot`, the current state of the job. The events after `Last-Event-ID` follow, numbered
    from 1 without a gap: `progress`, and at the end `completed`, `error` or `cancelled`, after which the stream ends. A
    comment comes when nothing happens for 15 seconds. If the stream ends before the job, reconnect with the last `id`.
    It ends after an hour, when the credential or its login session ends (reconnect with a new one), when the gateway
    stops, and when nothing was read for 10 seconds.
    """
    ids.from_wire("job", job_id)
    holder = principal_of(request)
    await require_session(identity, holder)
    if request.method == "HEAD":
        await jobs.views.get(caller, ids.from_wire("job", job_id))
        return head_response(HEADERS)
    seen = last_event_id if last_event_id is not None else last_seq
    messages = messages_of(feeds, caller, job_id, last_seq=seen, beat_seconds=BEAT_SECONDS)
    first = await anext(messages)
    if last_event_id is not None and first is not None and _is_over(first, last_event_id):
        await messages.aclose()
        # The HTML standard: an EventSource that gets this does not reconnect.
        return Response(status_code=204, headers={"Cache-Control": "no-store"})
    return EventStream(messages, first, seen=seen, caller=caller, holder=holder, streams=streams)


def text_of(message: Message | None, number: int | None = None) -> str:
    """Write a message as an event, and None as a comment."""
    if message is None:
        return ": nothing new\n\n"
    seq = message["seq"] if number is None else min(number, message["seq"])
    return f"event: {message['type']}\nid: {seq}\ndata: {json.dumps(message, separators=(',', ':'))}\n\n"


def closing_comment(ending: Ending) -> str:
    """Say when to reconnect, at a random delay: a gateway that stops may have had a thousand clients."""
    return "" if ending is DONE else f": {ending.reason}\nretry: {1000 + secrets.randbelow(4000)}\n\n"


def _is_over(snapshot: Message, seen: int) -> bool:
    return snapshot["payload"]["status"] in {"completed", "failed", "cancelled"} and seen >= snapshot["seq"]


async def _send(send: Send, text: str, *, more: bool = True) -> None:
    async with asyncio.timeout(SEND_SECONDS):
        await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
