"""The sender of mails, inside the relay's process; any number of relays may send."""

from collections.abc import Iterable

import structlog

from backplane import ids
from backplane.errors import ApplicationError
from backplane.failpoints import reach
from backplane.mail.outcomes import Transport
from backplane.services.mail.deliveries import ClaimedMail, MailDeliveries
from relay.sending import Sender, busy

log = structlog.get_logger()

AT_ONCE = 8
PER_USER = 2
"""A user with many mails occupies at most two senders: the rest stay free."""

STOP_SECONDS = 5.0


class MailSending(Sender[ClaimedMail]):
    """Keep a limited number of mails in flight, with a limit for each user."""

    waiting, at_once, stop_seconds = "mails.waiting", AT_ONCE, STOP_SECONDS

    def __init__(self, deliveries: MailDeliveries, transport: Transport) -> None:
        super().__init__()
        self._deliveries = deliveries
        self._transport = transport

    async def claim(self, under_way: Iterable[ClaimedMail]) -> ClaimedMail | None:
        users = (claimed.user_id for claimed in under_way if claimed.user_id is not None)
        return await self._deliveries.claim(busy_users=busy(users, PER_USER))

    async def send(self, claimed: ClaimedMail) -> None:
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

    def crashed(self, claimed: ClaimedMail, error: BaseException) -> None:
        # Without its message: it could quote the recipient.
        log.error("mail.crashed", mail_id=ids.to_wire("mai", claimed.row.id), error=type(error).__name__)
