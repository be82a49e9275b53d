"""Open sockets and event streams, and the reasons that end them before their job ends.

A stream outlasts the request that opened it. A future ends it for the first of these reasons: an hour has passed, the
credential has expired, it was revoked or its rights have changed, or the gateway stops. One watch serves all streams.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from math import inf
from typing import Any
from uuid import UUID

import structlog
from starlette.websockets import WebSocketDisconnect

from api.live.counts import Counted, Sort
from api.serving.draining import Draining
from backplane.errors import ApplicationError, Overloaded, Unavailable
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.principal import Principal
from backplane.services.identity.revocations import Revocations
from backplane.services.jobs.progress import TooSlow
from backplane.services.requests.caller import Caller
from backplane.services.usage.tiers import Tiers

STREAMS_AT_ONCE = 5000
"""In one process: 250 MB at the most that one may take, and a quarter of the descriptors that containers allow."""
LIFETIME_SECONDS = 3600.0
LOOK_SECONDS = 30.0
"""How often the login sessions of open streams are checked: the delay where a notification is lost or Redis is down."""
SEND_SECONDS = 10.0
GONE = (WebSocketDisconnect, TimeoutError, OSError)
"""Errors of a send to a client that has gone."""

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
REVOKED = Ending(4401, "the session has ended, or its rights have changed; come back with a new credential")


class Stream:
    """An open stream: the future that ends it, and the ids that it depends on."""

    __slots__ = ("account_id", "ending", "holders", "session_id", "sort", "timer")

    def __init__(self, caller: Caller, credential: Principal, sort: Sort) -> None:
        loop = asyncio.get_running_loop()
        left = credential.expires_at - time.time() if credential.expires_at is not None else inf
        self.ending: asyncio.Future[Ending] = loop.create_future()
        self.session_id = credential.session_id
        self.account_id, self.sort = caller.account_id, sort
        depends_on = {caller.account_id, caller.user_id, credential.made_by, *credential.holders}
        self.holders = tuple(one for one in depends_on if one is not None)
        self.timer = loop.call_later(
            max(0.0, min(LIFETIME_SECONDS, left)), self.end, OLD if left > LIFETIME_SECONDS else EXPIRED
        )

    def end(self, ending: Ending) -> None:
        if not self.ending.done():
            self.ending.set_result(ending)


class OpenStreams:
    def __init__(self, sessions: LoginSessions, revocations: Revocations, draining: Draining, tiers: Tiers) -> None:
        self._tiers = tiers
        self._counts = {sort: Counted(sort) for sort in (Sort.SOCKETS, Sort.STREAMS)}
        self._sessions = sessions
        self._revocations = revocations
        self._draining = draining
        self._open = 0
        self._held: defaultdict[UUID, set[Stream]] = defaultdict(set)
        self._session_ids: defaultdict[UUID, int] = defaultdict(int)

    def open(self, caller: Caller, credential: Principal, sort: Sort) -> "Stream":
        """Count a stream as open, until it is closed.

        Raises:
            Unavailable: the gateway stops.
            Overloaded: too many are open.
            TooManyAtOnce: the account has as many of this sort as its tier allows.
        """
        if self._draining.begun:
            raise Unavailable("The gateway stops; another one answers soon")
        if self._open >= STREAMS_AT_ONCE:
            raise Overloaded("Too many sockets and event streams are open; try again soon")
        self._counts[sort].add(caller.account_id, self._tiers.of(caller.tier))
        stream = Stream(caller, credential, sort)
        self._open += 1
        if stream.session_id is not None:
            self._session_ids[stream.session_id] += 1
        for holder in stream.holders:
            self._held[holder].add(stream)
        return stream

    def close(self, stream: "Stream") -> None:
        stream.timer.cancel()
        self._counts[stream.sort].remove(stream.account_id)
        self._open -= 1
        if stream.session_id is not None:
            self._session_ids[stream.session_id] -= 1
            if not self._session_ids[stream.session_id]:
                del self._session_ids[stream.session_id]
        for holder in stream.holders:
            self._held[holder].discard(stream)
            if not self._held[holder]:
                del self._held[holder]

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """End streams for the reasons above, while the block runs."""
        with self._revocations.on_revoked(lambda holder: self._end_all(holder, REVOKED)):
            tasks = [asyncio.create_task(self._stop()), asyncio.create_task(self._check_sessions_regularly())]
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
        for holder in list(self._held):
            self._end_all(holder, RESTARTING)

    async def _check_sessions_regularly(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            # If the database does not answer, no stream ends for it.
            with suppress(ApplicationError):
                await self._check_sessions()

    async def _check_sessions(self) -> None:
        held = set(self._session_ids)
        for session_id in held - await self._sessions.active(held):
            self._end_all(session_id, REVOKED)


async def run_stream(
    sending: Coroutine[Any, Any, Ending], disconnecting: Coroutine[Any, Any, None], ending: asyncio.Future[Ending]
) -> Ending | None:
    """Run until every message is sent, the client leaves, or the stream is ended; None if the client has gone."""
    sender, receiver = asyncio.create_task(sending), asyncio.create_task(disconnecting)
    things: list[asyncio.Future[Any]] = [sender, receiver, ending]
    try:
        await asyncio.wait(things, return_when=asyncio.FIRST_COMPLETED)
    finally:
        sender.cancel()
        receiver.cancel()
        await asyncio.gather(sender, receiver, return_exceptions=True)
    return _why(sender, receiver, ending)


def _why(
    sending: asyncio.Task[Ending], disconnecting: asyncio.Task[None], ending: asyncio.Future[Ending]
) -> Ending | None:
    if sending.cancelled():
        return ending.result() if disconnecting.cancelled() else None
    error = sending.exception()
    if error is None:
        return sending.result()
    return None if isinstance(error, GONE) else _fault(error)


def _fault(error: BaseException) -> Ending:
    if isinstance(error, TooSlow):
        return TOO_SLOW
    if isinstance(error, ApplicationError):
        return TRY_AGAIN
    log.error("progress.failed", exc_info=error)
    return FAILED
