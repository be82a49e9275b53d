"""Webhook deliveries and their attempts, for senders and owners."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, insert, select, update

from backplane.db.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookEvent
from backplane.db.repositories.webhooks import wake
from backplane.db.session import ReadSession, Session

UNFINISHED = ("pending", "sending")
LEASE_SECONDS = 20
"""Twice the time limit of an attempt: after it the sender is dead, and another one sends."""


@dataclass(frozen=True, slots=True)
class Due:
    """A claimed delivery with its event and its endpoint."""

    delivery: WebhookDelivery
    event: WebhookEvent
    endpoint: WebhookEndpoint
    started_at: datetime
    previous_valid: bool
    """Whether the previous secret still signs."""


NEXT = (
    select(WebhookDelivery.id)
    .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
    .where(
        WebhookDelivery.status.in_(UNFINISHED),
        WebhookDelivery.due_at <= func.now(),
        WebhookEndpoint.enabled,
        WebhookDelivery.endpoint_id.not_in(bindparam("busy_endpoints", expanding=True)),
        WebhookDelivery.account_id.not_in(bindparam("busy_accounts", expanding=True)),
    )
    .order_by(WebhookDelivery.due_at)
    .limit(1)
    .with_for_update(of=WebhookDelivery, skip_locked=True)
    .scalar_subquery()
)
CLAIM = (
    update(WebhookDelivery)
    .where(WebhookDelivery.id == NEXT)
    .values(
        status="sending",
        attempts=WebhookDelivery.attempts + 1,
        due_at=func.now() + timedelta(seconds=LEASE_SECONDS),
    )
    .returning(WebhookDelivery)
    .execution_options(synchronize_session=False)
)
"""Built once, and for a session without deliveries: it runs each second, and takes a third of the time so."""


async def claim(session: Session, *, busy_endpoints: Collection[UUID], busy_accounts: Collection[UUID]) -> Due | None:
    """Claim the delivery that is due longest, and record the attempt before it starts; None if nothing is due."""
    busy = {"busy_endpoints": list(busy_endpoints), "busy_accounts": list(busy_accounts)}
    delivery: WebhookDelivery | None = await session.scalar(CLAIM, busy)
    if delivery is None:
        return None
    await _interrupt(session, delivery.id)
    started_at = await session.scalar(
        insert(WebhookAttempt)
        .values(delivery_id=delivery.id, number=delivery.attempts)
        .returning(WebhookAttempt.started_at)
    )
    assert started_at is not None
    event, endpoint, previous_valid = (
        await session.execute(
            select(WebhookEvent, WebhookEndpoint, func.coalesce(WebhookEndpoint.previous_until > func.now(), False))
            .join_from(WebhookEvent, WebhookEndpoint, WebhookEndpoint.id == delivery.endpoint_id)
            .where(WebhookEvent.id == delivery.event_id)
        )
    ).one()
    return Due(delivery, event, endpoint, started_at, previous_valid)


async def _interrupt(session: Session, delivery_id: UUID) -> None:
    """Record that an attempt which started and never ended was interrupted."""
    await session.execute(
        update(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery_id, WebhookAttempt.outcome.is_(None))
        .values(outcome="interrupted")
    )


async def finish(session: Session, due: Due, *, status: str, after_seconds: float = 0, **attempt: Any) -> bool:
    """Record the outcome of the attempt and the time of the next; return False if another sender has taken over."""
    delivery_id, number = due.delivery.id, due.delivery.attempts
    held = await session.scalar(
        update(WebhookDelivery)
        .where(
            WebhookDelivery.id == delivery_id, WebhookDelivery.status == "sending", WebhookDelivery.attempts == number
        )
        .values(status=status, due_at=func.now() + timedelta(seconds=after_seconds))
        .returning(WebhookDelivery.id)
    )
    await session.execute(
        update(WebhookAttempt)
        .where(WebhookAttempt.delivery_id == delivery_id, WebhookAttempt.number == number)
        .values(**attempt)
    )
    return held is not None


async def note_success(session: Session, endpoint_id: UUID) -> None:
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failing_since.is_not(None))
        .values(failing_since=None)
    )


async def note_failure(session: Session, endpoint_id: UUID) -> None:
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failing_since.is_(None))
        .values(failing_since=func.now())
    )


async def disable(session: Session, endpoint_id: UUID, *, reason: str, failing_days: int | None = None) -> bool:
    """Disable the endpoint; with `failing_days` only if no message has succeeded for so many days."""
    conditions = [WebhookEndpoint.id == endpoint_id, WebhookEndpoint.enabled]
    if failing_days is not None:
        conditions.append(WebhookEndpoint.failing_since < func.now() - timedelta(days=failing_days))
    found = await session.scalar(
        update(WebhookEndpoint)
        .where(*conditions)
        .values(enabled=False, disabled_reason=reason)
        .returning(WebhookEndpoint.id)
    )
    return found is not None


async def oldest_due_seconds(session: Session) -> float:
    """Return how long the oldest delivery has been due."""
    age: float | None = await session.scalar(
        select(func.extract("epoch", func.now() - func.min(WebhookDelivery.due_at)))
        .join(WebhookEndpoint, WebhookEndpoint.id == WebhookDelivery.endpoint_id)
        .where(WebhookDelivery.status.in_(UNFINISHED), WebhookEndpoint.enabled)
    )
    return max(0.0, float(age or 0))


def _of_endpoint(endpoint_id: UUID) -> Select[WebhookDelivery, WebhookEvent]:
    return (
        select(WebhookDelivery, WebhookEvent)
        .join(WebhookEvent, WebhookEvent.id == WebhookDelivery.event_id)
        .where(WebhookDelivery.endpoint_id == endpoint_id)
    )


async def page(
    session: ReadSession, endpoint_id: UUID, *, limit: int, before: UUID | None, status: str | None
) -> list[tuple[WebhookDelivery, WebhookEvent]]:
    """Return deliveries, newest first. The caller has checked the owner of the endpoint."""
    query = _of_endpoint(endpoint_id).order_by(WebhookDelivery.id.desc()).limit(limit)
    if before is not None:
        query = query.where(WebhookDelivery.id < before)
    if status is not None:
        query = query.where(WebhookDelivery.status.in_(UNFINISHED if status == "pending" else (status,)))
    return [(delivery, event) for delivery, event in await session.execute(query)]


async def of_endpoint(
    session: ReadSession, endpoint_id: UUID, delivery_id: UUID
) -> tuple[WebhookDelivery, WebhookEvent] | None:
    rows = await session.execute(_of_endpoint(endpoint_id).where(WebhookDelivery.id == delivery_id))
    return next(((delivery, event) for delivery, event in rows), None)


async def attempts_of(session: ReadSession, delivery_ids: Sequence[UUID]) -> list[WebhookAttempt]:
    rows = await session.scalars(
        select(WebhookAttempt)
        .where(WebhookAttempt.delivery_id.in_(delivery_ids))
        .order_by(WebhookAttempt.delivery_id, WebhookAttempt.number)
    )
    return list(rows)


async def send_again(session: Session, delivery_id: UUID) -> None:
    """Make the delivery due now, and keep its earlier attempts; leave one alone that is just being sent."""
    await session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id == delivery_id, WebhookDelivery.status != "sending")
        .values(status="pending", due_at=func.now(), first_attempt=WebhookDelivery.attempts)
    )
    await wake(session)
