"""Revocations: login sessions, users, accounts and API keys whose rights have ended or changed.

A revocation is a row, written with the change itself. Each gateway reads the new rows when a Redis message says so, and
every second without one. So a revoked credential is refused within a second, and no request needs a query.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from uuid import UUID

from backplane import ids
from backplane.bus import RedisBus
from backplane.db.repositories import revocations
from backplane.db.session import Database, Session, after_commit
from backplane.errors import ApplicationError, Unauthenticated
from backplane.services.identity.principal import Principal

LOOK_SECONDS = 1.0
OVERLAP = timedelta(seconds=30)
"""How far each look reaches back: a row becomes visible when its transaction commits, up to ten seconds later."""

FIRST_LOOK = timedelta(hours=1)
FORGOTTEN_SECONDS = 3600
"""Longer than the life of any access token: then the token is refused as expired."""


class Revocations:
    def __init__(self, database: Database, bus: RedisBus) -> None:
        self._database = database
        self._bus = bus
        self._applied: dict[UUID, float] = {}
        """The revocations that were applied, with the time."""
        self._revoked: dict[UUID, float] = {}
        """The holders that were revoked, with the time."""
        self._listeners: set[Callable[[UUID], None]] = set()
        self._messages: set[UUID] = set()
        self._message = asyncio.Event()
        self._sending: set[asyncio.Task[None]] = set()

    def revoke(self, session: Session, holder_id: UUID) -> None:
        """Revoke all that depends on a holder, in the transaction of the change; gateways hear of it after the commit.

        A revoked login session or API key is refused from then on. For a user or an account, its rights are looked up
        again, and its sockets and event streams are closed.
        """
        revocation_id = revocations.add(session, holder_id)
        after_commit(session, lambda: self._announce(revocation_id, holder_id))

    def require(self, principal: Principal) -> None:
        """Require that the credential has not been revoked.

        Raises:
            Unauthenticated: it has.
        """
        if any(holder in self._revoked for holder in principal.holders):
            raise Unauthenticated("The session or the API key has ended")

    @contextmanager
    def on_revoked(self, callback: Callable[[UUID], None]) -> Iterator[None]:
        """Call back for every revoked holder, once for each revocation."""
        self._listeners.add(callback)
        try:
            yield
        finally:
            self._listeners.discard(callback)

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Hear of revocations while the block runs."""
        await self._look(FIRST_LOOK)
        with self._bus.on_revoked(self._notice):
            looking = asyncio.create_task(self._look_regularly())
            try:
                yield
            finally:
                looking.cancel()
                await asyncio.gather(looking, *self._sending, return_exceptions=True)

    async def sent(self) -> None:
        """Wait until the messages are sent, before a program ends that does not run `watched`."""
        await asyncio.gather(*self._sending, return_exceptions=True)

    def _announce(self, revocation_id: UUID, holder_id: UUID) -> None:
        self._apply(revocation_id, holder_id)
        sending = asyncio.get_running_loop().create_task(self._bus.revoke(holder_id))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)

    def _notice(self, holder_id: UUID) -> None:
        self._messages.add(holder_id)
        self._message.set()

    async def _look_regularly(self) -> None:
        looked = time.monotonic()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._message.wait()
            self._message.clear()
            with suppress(ApplicationError):
                started = time.monotonic()
                await self._look(timedelta(seconds=started - looked) + OVERLAP)
                looked = started
            _forget_before(time.monotonic() - FORGOTTEN_SECONDS, self._applied, self._revoked)

    async def _look(self, span: timedelta) -> None:
        messages, self._messages = self._messages, set()
        async with self._database.reading() as session:
            found = await revocations.made_within(session, span)
        for revocation_id, holder_id in found.items():
            self._apply(revocation_id, holder_id)
        # A gateway of the release before sends a message and writes no row.
        for holder_id in messages.difference(found.values()):
            self._apply(ids.new(), holder_id)

    def _apply(self, revocation_id: UUID, holder_id: UUID) -> None:
        if revocation_id in self._applied:
            return
        self._applied[revocation_id] = self._revoked[holder_id] = time.monotonic()
        for callback in list(self._listeners):
            callback(holder_id)


def _forget_before(oldest: float, *known: dict[UUID, float]) -> None:
    for times in known:
        for one in [one for one, moment in times.items() if moment < oldest]:
            del times[one]
