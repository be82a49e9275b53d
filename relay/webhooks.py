"""The sender of webhooks, inside the relay's process; any number of relays may send."""

from collections.abc import Iterable

import structlog

from backplane.errors import ApplicationError
from backplane.services.webhooks.deliveries import Deliveries, Message
from relay.posting import TIMEOUT_SECONDS, Poster
from relay.sending import Sender, busy

log = structlog.get_logger()

AT_ONCE = 16
PER_ACCOUNT = 4
PER_ENDPOINT = 2
"""A slow receiver (ten seconds) occupies at most two senders, and an account at most four: the rest stay free."""


class Sending(Sender[Message]):
    """Keep a limited number of messages in flight, with a limit for each endpoint and each account."""

    waiting, at_once, stop_seconds = "webhooks.waiting", AT_ONCE, TIMEOUT_SECONDS / 2

    def __init__(self, deliveries: Deliveries, poster: Poster) -> None:
        super().__init__()
        self._deliveries = deliveries
        self._poster = poster

    async def claim(self, under_way: Iterable[Message]) -> Message | None:
        messages = list(under_way)
        return await self._deliveries.claim(
            busy_endpoints=busy((message.endpoint_id for message in messages), PER_ENDPOINT),
            busy_accounts=busy((message.account_id for message in messages), PER_ACCOUNT),
        )

    async def send(self, message: Message) -> None:
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

    def crashed(self, message: Message, error: BaseException) -> None:
        log.error("webhook.crashed", event_id=message.event_id, exc_info=error)
