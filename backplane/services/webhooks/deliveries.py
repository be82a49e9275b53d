"""Sending what must be sent, as the senders see it: take what is due, and write down what came of it.

At least once: an attempt is written before it is made, and where its sender dies another one makes the next, with the
same message id. So a receiver that keeps the ids that it has seen acts once.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from secrets import SystemRandom
from uuid import UUID

from backplane import ids
from backplane.db.models import WebhookEvent
from backplane.db.repositories import deliveries, webhooks
from backplane.db.repositories.deliveries import Due
from backplane.db.session import Database, Session
from backplane.errors import ApplicationError
from backplane.metrics import SWEPT, WEBHOOK_ATTEMPTS, WEBHOOK_OLDEST_DUE
from backplane.services.audit import trail
from backplane.services.requests.caller import Caller
from backplane.services.webhooks.events import moment
from backplane.services.webhooks.secrets import SECRET, URL, sign, unseal
from backplane.vault import LocalVault
from shield_core import __version__

USER_AGENT = f"ImageShield/{__version__} (webhooks)"

BACK_OFF_SECONDS = (5, 300, 1800, 7200, 18_000, 36_000)
"""After the first attempt, the second and so on; then it is given up, 17 and a half hours after the event."""

MAX_ATTEMPTS = 1 + len(BACK_OFF_SECONDS)
JITTER = 0.2
"""Either way: receivers that went down together are not all called in the same second."""

MAX_RETRY_AFTER = BACK_OFF_SECONDS[-1]
FAILING_DAYS = 5
"""After so many days without one message that got through, an endpoint is disabled."""

DELIVERED = "delivered"
GONE = 410
ASK_TO_WAIT = frozenset({429, 503})
RANDOM = SystemRandom()


@dataclass(frozen=True, slots=True)
class Message:
    """One attempt at one delivery: what to send, and where."""

    due: Due = field(repr=False)
    url: str = field(repr=False)
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def endpoint_id(self) -> UUID:
        return self.due.endpoint.id

    @property
    def account_id(self) -> UUID:
        return self.due.delivery.account_id

    @property
    def event_id(self) -> str:
        return ids.to_wire("evt", self.due.event.id)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: one word, and what the receiver said."""

    outcome: str
    """`delivered`, `status`, `redirect`, `timeout`, `connection`, `tls`, `address`, `protocol` or `unavailable`."""
    status_code: int | None = None
    retry_after: float | None = None
    duration_ms: int | None = None


class Deliveries:
    def __init__(self, database: Database, vault: LocalVault, *, log_days: int) -> None:
        self._database = database
        self._vault = vault
        self._log_days = log_days

    async def claim(self, *, busy_endpoints: Collection[UUID], busy_accounts: Collection[UUID]) -> Message | None:
        """Take what has been due for longest, of nobody who is busy; None where nothing is due."""
        while True:
            async with self._database.transaction() as session:
                due = await deliveries.claim(session, busy_endpoints=busy_endpoints, busy_accounts=busy_accounts)
            if due is None:
                return None
            if _attempts_made(due) > MAX_ATTEMPTS:
                # Each of them took its sender down.
                await self.finish(due, Answer("interrupted"))
                continue
            try:
                return self._compose(due)
            except ApplicationError:
                # The account's key is not there: to be tried again like any other failure, and given up like one.
                await self.finish(due, Answer("unavailable"))

    async def finish(self, due: Due, answer: Answer) -> None:
        """Write down how an attempt went, and when the next one is."""
        delivered = answer.outcome == DELIVERED
        status, wait = (DELIVERED, 0.0) if delivered else _next(due, answer)
        WEBHOOK_ATTEMPTS.labels(outcome=answer.outcome).inc()
        async with self._database.transaction() as session:
            # The endpoint before its delivery: deleting an endpoint locks them in this order.
            # What a single job's `webhook_url` does is no word about the endpoint under which it is logged.
            if due.delivery.url is None:
                await self._judge(session, due, answer)
            await deliveries.finish(
                session,
                due,
                status=status,
                after_seconds=wait,
                outcome=answer.outcome,
                status_code=answer.status_code,
                duration_ms=answer.duration_ms,
            )

    async def measure(self) -> None:
        """Say how far behind the senders are."""
        async with self._database.transaction() as session:
            WEBHOOK_OLDEST_DUE.set(await deliveries.oldest_due_seconds(session))

    async def forget(self) -> None:
        """Delete what is older than the log is kept, some at a time."""
        found = 1
        while found:
            async with self._database.transaction() as session:
                found = await webhooks.delete_old_events(session, days=self._log_days)
            SWEPT.labels(what="webhook").inc(found)

    async def _judge(self, session: Session, due: Due, answer: Answer) -> None:
        endpoint_id = due.endpoint.id
        if answer.outcome == DELIVERED:
            await deliveries.note_success(session, endpoint_id)
            return
        await deliveries.note_failure(session, endpoint_id)
        gone = answer.status_code == GONE
        reason, days = ("gone", None) if gone else ("failing", FAILING_DAYS)
        if await deliveries.disable(session, endpoint_id, reason=reason, failing_days=days):
            caller = Caller.system(due.endpoint.account_id)
            trail.record(session, caller, "webhook.disabled", endpoint_id, details={"reason": reason})

    def _compose(self, due: Due) -> Message:
        body = encode(due.event)
        message_id, timestamp = ids.to_wire("evt", due.event.id), int(due.started_at.timestamp())
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "webhook-id": message_id,
            "webhook-timestamp": str(timestamp),
            "webhook-signature": sign(self._secrets(due), message_id=message_id, timestamp=timestamp, body=body),
        }
        return Message(due, self._url(due), headers, body)

    def _secrets(self, due: Due) -> list[str]:
        sealed = [due.endpoint.secret]
        if due.previous_valid and due.endpoint.previous_secret is not None:
            sealed.append(due.endpoint.previous_secret)
        account_id, owner_id = due.endpoint.account_id, due.endpoint.id
        return [unseal(self._vault, one, account_id=account_id, owner_id=owner_id, field=SECRET) for one in sealed]

    def _url(self, due: Due) -> str:
        own, kept = due.delivery.url, due.endpoint.url
        if own is not None:
            owner_id = due.event.subject_id
            return unseal(self._vault, own, account_id=due.event.account_id, owner_id=owner_id, field=URL)
        assert kept is not None
        return unseal(self._vault, kept, account_id=due.event.account_id, owner_id=due.endpoint.id, field=URL)


def encode(event: WebhookEvent) -> bytes:
    """Write a message: the same bytes whenever it is sent."""
    message = {"type": event.type, "timestamp": moment(event.created_at), "data": event.data}
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode()


def _attempts_made(due: Due) -> int:
    """Count the attempts since it was first sent, or since its owner had it sent again."""
    return due.delivery.attempts - due.delivery.first_attempt


def _next(due: Due, answer: Answer) -> tuple[str, float]:
    """Decide what follows a failure: the delivery's status, and in how many seconds it is tried again."""
    made = _attempts_made(due)
    if answer.status_code == GONE or made >= MAX_ATTEMPTS:
        return "failed", 0.0
    wait = BACK_OFF_SECONDS[made - 1] * RANDOM.uniform(1 - JITTER, 1 + JITTER)
    if answer.status_code in ASK_TO_WAIT and answer.retry_after is not None:
        wait = max(wait, min(answer.retry_after, MAX_RETRY_AFTER))
    return "pending", wait
