"""A fair lock: waiting accounts take turns, so that a busy account delays the others little."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from backplane.errors import Overloaded


class FairLock:
    """A lock with one holder. Between two turns of an account, every other waiting account has one."""

    def __init__(self, *, waiting: int) -> None:
        """Make a free lock.

        Args:
            waiting: how many callers of one account may wait, in addition to the holder.
        """
        self._waiting = waiting
        self._taken = False
        self._queues: dict[UUID, deque[asyncio.Future[None]]] = {}
        """The waiting callers by account, in the order of the next turns; no queue is empty."""

    @asynccontextmanager
    async def held(self, account_id: UUID) -> AsyncIterator[None]:
        """Wait for the account's turn, and hold the lock for the block.

        Raises:
            Overloaded: too many callers of this account wait already.
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
            self._pass_on(account_id)  # the lock was granted at the same moment
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
            if not waiter.cancelled():  # a caller that was just cancelled may still be in the queue
                waiter.set_result(None)
                return
        self._taken = False

    def _drop_if_empty(self, account_id: UUID) -> None:
        if not self._queues[account_id]:
            del self._queues[account_id]
