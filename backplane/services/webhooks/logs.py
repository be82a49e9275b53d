"""Delivery logs of endpoints, for their owners; and test messages and replays."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backplane import ids
from backplane.db.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from backplane.db.repositories import deliveries
from backplane.db.session import Database
from backplane.errors import NotFound, ValidationFailed, WebhookDisabled
from backplane.services.audit import trail
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.webhooks import events as webhook_events
from backplane.services.webhooks.endpoints import find


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    number: int
    started_at: datetime
    outcome: str | None
    status_code: int | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class DeliveryFacts:
    """One message for one endpoint, with all its attempts."""

    id: UUID
    endpoint_id: UUID
    event_id: UUID
    event_type: str
    subject_id: UUID
    status: str
    due_at: datetime
    created_at: datetime
    attempts: Sequence[AttemptFacts]


class WebhookLogs:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(
        self, caller: Caller, name: str, *, limit: int, before: UUID | None, status: str | None
    ) -> tuple[list[DeliveryFacts], bool]:
        """Return up to `limit` deliveries, newest first, and whether there are more."""
        async with self._database.reading() as session:
            endpoint = await find(session, caller.account_id, name)
            found = await deliveries.page(session, endpoint.id, limit=limit + 1, before=before, status=status)
            attempts = await deliveries.attempts_of(session, [delivery.id for delivery, _ in found[:limit]])
        return [_facts(delivery, event, attempts) for delivery, event in found[:limit]], len(found) > limit

    async def get(self, caller: Caller, name: str, delivery_id: UUID) -> DeliveryFacts:
        async with self._database.reading() as session:
            endpoint = await find(session, caller.account_id, name)
            found = await deliveries.of_endpoint(session, endpoint.id, delivery_id)
            if found is None:
                raise NotFound
            attempts = await deliveries.attempts_of(session, [delivery_id])
        return _facts(*found, attempts)

    async def test(self, submission: Submission, name: str) -> DeliveryFacts:
        """Send a test message.

        Raises:
            WebhookDisabled: nothing is sent there now.
        """
        async with self._database.transaction() as session:
            endpoint = await find(session, submission.account_id, name)
            if endpoint.url is None:
                raise ValidationFailed("The default endpoint has no address: send a job with a webhook_url")
            _refuse_disabled(endpoint)
            delivery, event = await webhook_events.add_test(session, endpoint)
            trail.record(session, submission.caller, "webhook.tested", endpoint.id)
            await submission.record(session, "webhook-delivery", delivery.id)
            await session.reload(delivery)
        return _facts(delivery, event, [])

    async def replay(self, submission: Submission, name: str, delivery_id: UUID) -> DeliveryFacts:
        """Send a message again, under the same id.

        Raises:
            WebhookDisabled: nothing is sent there now.
        """
        async with self._database.transaction() as session:
            endpoint = await find(session, submission.account_id, name)
            found = await deliveries.of_endpoint(session, endpoint.id, delivery_id)
            if found is None:
                raise NotFound
            _refuse_disabled(endpoint)
            await deliveries.send_again(session, delivery_id)
            details = {"delivery": ids.to_wire("whd", delivery_id)}
            trail.record(session, submission.caller, "webhook.replayed", endpoint.id, details=details)
            await submission.record(session, "webhook-delivery", delivery_id)
            delivery, event = found
            await session.reload(delivery)
            attempts = await deliveries.attempts_of(session, [delivery_id])
        return _facts(delivery, event, attempts)


def _refuse_disabled(endpoint: WebhookEndpoint) -> None:
    if not endpoint.enabled:
        raise WebhookDisabled


def _facts(delivery: WebhookDelivery, event: WebhookEvent, attempts: Sequence[WebhookAttempt]) -> DeliveryFacts:
    own = [
        AttemptFacts(one.number, one.started_at, one.outcome, one.status_code, one.duration_ms)
        for one in attempts
        if one.delivery_id == delivery.id
    ]
    return DeliveryFacts(
        id=delivery.id,
        endpoint_id=delivery.endpoint_id,
        event_id=event.id,
        event_type=event.type,
        subject_id=event.subject_id,
        status=delivery.status,
        due_at=delivery.due_at,
        created_at=delivery.created_at,
        attempts=own,
    )


PREFIXES = {"job": "job", "batch": "bat", "webhook": "whk", "security": "sec"}


def subject_of(facts: DeliveryFacts) -> str:
    """Return the id of the message's subject on the wire."""
    return ids.to_wire(PREFIXES[facts.event_type.partition(".")[0]], facts.subject_id)
