"""Sending webhooks, inside the relay's process and beside everything else there; any number of relays may do it."""

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
"""Receivers that take their ten seconds hold two senders each, and an account four: the others have theirs."""

LOOK_SECONDS = 1.0
"""How often what is due is looked for: of the first attempts a notification tells, of the later ones only the clock."""


class Sending:
    """Keeps so many messages on their way, and never more of one endpoint or account than is theirs."""

    def __init__(self, deliveries: Deliveries, poster: Poster) -> None:
        self._deliveries = deliveries
        self._poster = poster
        self._under_way: dict[asyncio.Task[None], Message] = {}

    async def run(self, notifications: Notifications) -> None:
        """Send for ever; where it is stopped, what is under way may end."""
        woken = asyncio.create_task(notifications.wait(LOOK_SECONDS))
        try:
            while True:
                try:
                    await self.begin_due()
                except ApplicationError as error:
                    log.warning("webhooks.waiting", code=error.code, detail=error.detail)
                    await asyncio.sleep(LOOK_SECONDS)
                await asyncio.wait({woken, *self._under_way}, return_when=asyncio.FIRST_COMPLETED)
                if woken.done():
                    woken = asyncio.create_task(notifications.wait(LOOK_SECONDS))
        finally:
            woken.cancel()
            await self.finish()

    async def begin_due(self) -> None:
        """Begin to send what is due, as far as there are senders."""
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
        """Wait for what is under way; what is cut off is sent again by whoever comes after, under the same id."""
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
            # Its lease runs out, and it is sent once more.
            log.warning("webhook.not_written", event_id=message.event_id, code=error.code, detail=error.detail)

    def _end(self, task: asyncio.Task[None]) -> None:
        message = self._under_way.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            log.error("webhook.broke", event_id=message.event_id, exc_info=error)

    @staticmethod
    def _busy(owners: list[UUID], limit: int) -> set[UUID]:
        return {owner for owner, count in Counter(owners).items() if count >= limit}
