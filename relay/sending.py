"""The common loop of the senders of webhooks and mails: a limited number in flight, and none that delays the others."""

import asyncio
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Hashable, Iterable
from typing import ClassVar, Generic, TypeVar

import structlog

from backplane.db.notifications import Notifications
from backplane.errors import ApplicationError

Item = TypeVar("Item")
Owner = TypeVar("Owner", bound=Hashable)

LOOK_SECONDS = 1.0
"""How often due items are looked for: a notification announces first attempts, but not later ones."""

log = structlog.get_logger()


class Sender(ABC, Generic[Item]):
    """Keep a limited number of items in flight. A sender says how one is claimed, and how it is sent."""

    waiting: ClassVar[str]
    """The event in the log while nothing can be claimed."""
    at_once: ClassVar[int]
    stop_seconds: ClassVar[float]
    """How long a stopping relay waits; an item that is cut off is sent again, under the same id."""

    def __init__(self) -> None:
        self._under_way: dict[asyncio.Task[None], Item] = {}

    @abstractmethod
    async def claim(self, under_way: Iterable[Item]) -> Item | None:
        """Claim the next due item, whose owner has not too many under way; None if there is none."""

    @abstractmethod
    async def send(self, item: Item) -> None:
        """Send an item, and write down the outcome."""

    @abstractmethod
    def crashed(self, item: Item, error: BaseException) -> None:
        """Log an unexpected error."""

    async def run(self, notifications: Notifications) -> None:
        """Send until stopped; then let the items in flight finish."""
        woken = asyncio.create_task(notifications.wait(LOOK_SECONDS))
        try:
            while True:
                try:
                    await self.start_due()
                except ApplicationError as error:
                    log.warning(self.waiting, code=error.code, detail=error.detail)
                    await asyncio.sleep(LOOK_SECONDS)
                await asyncio.wait({woken, *self._under_way}, return_when=asyncio.FIRST_COMPLETED)
                if woken.done():
                    woken = asyncio.create_task(notifications.wait(LOOK_SECONDS))
        finally:
            woken.cancel()
            await self.finish()

    async def start_due(self) -> None:
        """Start to send what is due, as far as senders are free."""
        while len(self._under_way) < self.at_once:
            item = await self.claim(self._under_way.values())
            if item is None:
                return
            task = asyncio.create_task(self.send(item))
            self._under_way[task] = item
            task.add_done_callback(self._end)

    async def finish(self) -> None:
        """Wait for the items in flight."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=self.stop_seconds)
        for task in list(self._under_way):
            task.cancel()

    def _end(self, task: asyncio.Task[None]) -> None:
        item = self._under_way.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.crashed(item, error)


def busy(owners: Iterable[Owner], limit: int) -> set[Owner]:
    """Return the owners who have at least `limit` items under way."""
    return {owner for owner, count in Counter(owners).items() if count >= limit}
