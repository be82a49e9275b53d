"""A lock that goes round the accounts that wait for it: one that asks for much delays the others little."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from backplane.errors import Overloaded


class FairLock:
    """One holder at a time. Between two turns of an account, every other account that waits has had one."""

    def __init__(self, *, waiting: int) -> None:
        """Begin with nobody.

        Args:
            waiting: how many of one account may wait beside the one whose turn it is.
        """
        self._waiting = waiting
        self._taken = False
        self._queues: dict[UUID, deque[asyncio.Future[None]]] = {}
        """By account, in the order of their next turns; none is empty."""

    @asynccontextmanager
    async def held(self, account_id: UUID) -> AsyncIterator[None]:
        """Wait for the account's turn, and have it for the block.

        Raises:
            Overloaded: so many of this account wait already.
        """
        await self._take(account_id)
        try:
            yield
        finally:
            self._pass_on(account_id)

    async def _take(self, account_id: UUID) -> None:
        if not self._taken:
            self._taken = True
            return
        queue = self._queues.get(account_id, ())
        if len(queue) >= self._waiting:
            raise Overloaded("As many decryptions of this account wait for their password's key as may")
        mine: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queues.setdefault(account_id, deque()).append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            self._leave(account_id, mine)
            raise

    def _leave(self, account_id: UUID, mine: asyncio.Future[None]) -> None:
        if not mine.cancelled():
            self._pass_on(account_id)  # the turn came in the same moment
        elif mine in self._queues.get(account_id, ()):
            self._queues[account_id].remove(mine)
            self._drop_if_empty(account_id)

    def _pass_on(self, account_id: UUID) -> None:
        if account_id in self._queues:
            self._queues[account_id] = self._queues.pop(account_id)  # behind all others
        while self._queues:
            next_id, queue = next(iter(self._queues.items()))
            waiter = queue.popleft()
            self._drop_if_empty(next_id)
            if not waiter.cancelled():  # who gave up a moment ago may not have left yet
                waiter.set_result(None)
                return
        self._taken = False

    def _drop_if_empty(self, account_id: UUID) -> None:
        if not self._queues[account_id]:
            del self._queues[account_id]
