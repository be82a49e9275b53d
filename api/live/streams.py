"""Sockets and event streams that are open, and what ends them: they outlast the request whose credential let them in.

Each is told of its end through a future, by whatever comes first: an hour, the end of the credential, the end of the
session or the account behind it, or the gateway that stops. One watch serves them all.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from starlette.websockets import WebSocketDisconnect

from api.serving.draining import Draining
from backplane.errors import ApplicationError, Overloaded, Unavailable
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.tokens import Principal
from backplane.services.jobs.progress import TooSlow

STREAMS_AT_ONCE = 5000
"""In one process: 250 MB at the most that one may take, and a quarter of the descriptors that containers allow."""
LIFETIME_SECONDS = 3600.0
LOOK_SECONDS = 30.0
"""How often the sessions of open streams are looked up: what a lost word about an end costs, without Redis too."""
SEND_SECONDS = 10.0
GONE = (WebSocketDisconnect, TimeoutError, OSError)
"""How a send ends where nobody takes it."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ending:
    """How a socket closes; an event stream says the reason in a comment."""

    code: int
    reason: str


DONE = Ending(1000, "the story has ended")
FAILED = Ending(1011, "something went wrong; come back with last_seq")
RESTARTING = Ending(1012, "the gateway stops; come back with last_seq")
TOO_SLOW = Ending(1013, "you read too slowly; come back with last_seq")
TRY_AGAIN = Ending(1013, "try again with last_seq")
OLD = Ending(4401, "an hour is over; come back with a new credential and last_seq")
EXPIRED = Ending(4401, "the credential has expired; come back with a new one and last_seq")
REVOKED = Ending(4401, "the session has ended; sign in again")


class Stream:
    """One that is open: what tells it to end, and what it hangs on, its session first."""

    __slots__ = ("ending", "holders", "timer")

    def __init__(self, caller: Principal) -> None:
        loop = asyncio.get_running_loop()
        left = caller.expires_at - time.time()
        self.ending: asyncio.Future[Ending] = loop.create_future()
        self.holders = (caller.session_id, caller.account_id)
        self.timer = loop.call_later(
            max(0.0, min(LIFETIME_SECONDS, left)), self.end, OLD if left > LIFETIME_SECONDS else EXPIRED
        )

    def end(self, ending: Ending) -> None:
        if not self.ending.done():
            self.ending.set_result(ending)


class OpenStreams:
    def __init__(self, sessions: LoginSessions, draining: Draining) -> None:
        self._sessions = sessions
        self._draining = draining
        self._open = 0
        self._held: defaultdict[UUID, set[Stream]] = defaultdict(set)
        self._session_ids: defaultdict[UUID, int] = defaultdict(int)

    def open(self, caller: Principal) -> "Stream":
        """Count a stream as open, until it is closed.

        Raises:
            Unavailable: the gateway stops.
            Overloaded: too many are open.
        """
        if self._draining.begun:
            raise Unavailable("The gateway stops; another one answers soon")
        if self._open >= STREAMS_AT_ONCE:
            raise Overloaded("Too many sockets and event streams are open; try again soon")
        stream = Stream(caller)
        self._open += 1
        self._session_ids[caller.session_id] += 1
        for holder in stream.holders:
            self._held[holder].add(stream)
        return stream

    def close(self, stream: "Stream") -> None:
        stream.timer.cancel()
        self._open -= 1
        session_id = stream.holders[0]
        self._session_ids[session_id] -= 1
        if not self._session_ids[session_id]:
            del self._session_ids[session_id]
        for holder in stream.holders:
            self._held[holder].discard(stream)
            if not self._held[holder]:
                del self._held[holder]

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """End streams, while this lasts, that are to end."""
        with self._sessions.on_end(lambda holder: self._end_all(holder, REVOKED)):
            tasks = [asyncio.create_task(self._stop()), asyncio.create_task(self._look_now_and_then())]
            try:
                yield
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    def _end_all(self, holder: UUID, ending: Ending) -> None:
        for stream in self._held.get(holder, ()):
            stream.end(ending)

    async def _stop(self) -> None:
        await self._draining.wait()
        for session_id in list(self._session_ids):
            self._end_all(session_id, RESTARTING)

    async def _look_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            # A database that does not answer says nothing about who may stay.
            with suppress(ApplicationError):
                await self._look()

    async def _look(self) -> None:
        held = set(self._session_ids)
        for session_id in held - await self._sessions.going_on(held):
            self._end_all(session_id, REVOKED)


async def converse(
    telling: Coroutine[Any, Any, Ending], leaving: Coroutine[Any, Any, None], ending: asyncio.Future[Ending]
) -> Ending | None:
    """Tell until all is told, the listener leaves or the stream is ended; None where nobody is there to hear why."""
    teller, listener = asyncio.create_task(telling), asyncio.create_task(leaving)
    things: list[asyncio.Future[Any]] = [teller, listener, ending]
    try:
        await asyncio.wait(things, return_when=asyncio.FIRST_COMPLETED)
    finally:
        teller.cancel()
        listener.cancel()
        await asyncio.gather(teller, listener, return_exceptions=True)
    return _why(teller, listener, ending)


def _why(telling: asyncio.Task[Ending], leaving: asyncio.Task[None], ending: asyncio.Future[Ending]) -> Ending | None:
    if telling.cancelled():
        return ending.result() if leaving.cancelled() else None
    error = telling.exception()
    if error is None:
        return telling.result()
    return None if isinstance(error, GONE) else _fault(error)


def _fault(error: BaseException) -> Ending:
    if isinstance(error, TooSlow):
        return TOO_SLOW
    if isinstance(error, ApplicationError):
        return TRY_AGAIN
    log.error("progress.failed", exc_info=error)
    return FAILED
