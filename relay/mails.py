"""The sender of mails, inside the relay's process; any number of relays may send."""

import asyncio
from collections import Counter
from uuid import UUID

import structlog

from backplane import ids
from backplane.db.notifications import Notifications
from backplane.errors import ApplicationError
from backplane.failpoints import reach
from backplane.mail.outcomes import Transport
from backplane.services.mail.deliveries import ClaimedMail, MailDeliveries

log = structlog.get_logger()

AT_ONCE = 8
PER_USER = 2
"""A user with many mails occupies at most two senders: the rest stay free."""

LOOK_SECONDS = 1.0
"""How often due mails are looked for: a notification announces first attempts, but not later ones."""

STOP_SECONDS = 5.0
"""How long a stopping relay waits for the mail server; a mail that is cut off is sent again, under the same id."""


class MailSending:
    """Keep a limited number of mails in flight, with a limit for each user."""

    def __init__(self, deliveries: MailDeliveries, transport: Transport) -> None:
        self._deliveries = deliveries
        self._transport = transport
        self._under_way: dict[asyncio.Task[None], ClaimedMail] = {}

    async def run(self, notifications: Notifications) -> None:
        """Send until stopped; then let the mails in flight finish."""
        woken = asyncio.create_task(notifications.wait(LOOK_SECONDS))
        try:
            while True:
                try:
                    await self.start_due()
                except ApplicationError as error:
                    log.warning("mails.waiting", code=error.code, detail=error.detail)
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
            claimed = await self._deliveries.claim(busy_users=self._busy())
            if claimed is None:
                return
            task = asyncio.create_task(self._send(claimed))
            self._under_way[task] = claimed
            task.add_done_callback(self._end)

    async def finish(self) -> None:
        """Wait for the mails in flight."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=STOP_SECONDS)
        for task in list(self._under_way):
            task.cancel()

    async def _send(self, claimed: ClaimedMail) -> None:
        row = claimed.row
        reach("mail.claimed")
        outcome = await self._transport.deliver(claimed.letter)
        reach("mail.delivered")
        log.info(
            "mail.attempted",
            mail_id=ids.to_wire("mai", row.id),
            kind=row.kind,
            attempt=row.attempts,
            outcome=outcome.code,
            status=outcome.status,
        )
        try:
            await self._deliveries.finish(claimed, outcome)
        except ApplicationError as error:
            # Its lease expires, and it is sent again.
            log.warning("mail.not_written", mail_id=ids.to_wire("mai", row.id), code=error.code, detail=error.detail)

    def _end(self, task: asyncio.Task[None]) -> None:
        claimed = self._under_way.pop(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            # Without its message: it could quote the recipient.
            log.error("mail.crashed", mail_id=ids.to_wire("mai", claimed.row.id), error=type(error).__name__)

    def _busy(self) -> set[UUID]:
        users = Counter(claimed.user_id for claimed in self._under_way.values() if claimed.user_id is not None)
        return {user_id for user_id, count in users.items() if count >= PER_USER}
