"""The sender of webhooks, inside the relay's process; any number of relays may send."""

import asyncio
from collections import Counter
from uuid import UUID

import structlog

from backplane.db.notifications import Notifications
from backplane.errors import ApplicationError
from backplane.services.webhooks.deliveries import Deliveries, Message
from relay.posting import TIMEOUT_SECONDS, Poster

log = structlog.get_logger()

AT_ONCE = 16
PER_ACCOUNT = 4
PER_ENDPOINT = 2
"""A slow receiver (ten seconds) occupies at most two senders, and an account at most four: the rest stay free."""

LOOK_SECONDS = 1.0
"""How often due deliveries are looked for: a notification announces first attempts, but not later ones."""


class Sending:
    """Keep a limited number of messages in flight, with a limit for each endpoint and each account."""

    def __init__(self, deliveries: Deliveries, poster: Poster) -> None:
        self._deliveries = deliveries
        self._poster = poster
        self._under_way: dict[asyncio.Task[None], Message] = {}

    async def run(self, notifications: Notifications) -> None:
        """Send until stopped; then let the messages in flight finish."""
        woken = asyncio.create_task(notifications.wait(LOOK_SECONDS))
        try:
            while True:
                try:
                    await self.start_due()
                except ApplicationError as error:
                    log.warning("webhooks.waiting", code=error.code, detail=error.detail)
                    await asyncio.sleep(LOOK_SECONDS)
                await asyncio.wait({woken, *self._under_way}, return_when=asyncio.FIRST_COMPLETED)
                if woken.done():
                    woken = asyncio.create_task(notifications.wait(LOOK_SECONDS))
        finally:
            woken.cancel()
            await self.finish()

    async def start_due(self) -> None:
        """Start to send what is due, as far as senders are free."""
        while len(self._under_way) < AT_ONCE:
            message = await self._deliveries.claim(
                busy_endpoints=self._busy([message.endpoint_id for message in self._under_way.values()], PER_ENDPOINT),
                busy_accounts=self._busy([message.account_id for message in self._under_way.values()], PER_ACCOUNT),
            )
            if message is None:
                return
            task = asyncio.create_task(self._send(message))
            self._under_way[task] = message
            task.add_done_callback(self._end)

    async def finish(self) -> None:
        """Wait for the messages in flight; a later sender repeats those that are cut off, under the same id."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=TIMEOUT_SECONDS / 2)
        for task in list(self._under_way):
            task.cancel()

    async def _send(self, message: Message) -> None:
        answer = await self._poster.post(message.url, message.headers, message.body)
        log.info(
            "webhook.sent",
            event_id=message.event_id,
            attempt=message.due.delivery.attempts,
            outcome=answer.outcome,
            status=answer.status_code,
            duration_ms=answer.duration_ms,
        )
        try:
            await self._deliveries.finish(message.due, answer)
        except ApplicationError as error:
            # Its lease expires, and it is sent again.
            log.warning("webhook.not_written", event_id=message.event_id, code=error.code, detail=error.detail)

    def _end(self, task: asyncio.Task[None]) -> None:
        message = self._under_way.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("webhook.crashed", event_id=message.event_id, exc_info=error)

    @staticmethod
    def _busy(owners: list[UUID], limit: int) -> set[UUID]:
        return {owner for owner, count in Counter(owners).items() if count >= limit}
