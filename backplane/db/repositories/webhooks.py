"""Webhook endpoints and their events."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from backplane.db.models import Job, WebhookDelivery, WebhookEndpoint, WebhookEvent
from backplane.db.session import ReadSession, Session

CHANNEL = "imageshield_webhooks"

# Text, because one runs at each end of a job. Without the lock an endpoint could be deleted before the transaction
# refers to it, which would roll back the job's end.
LISTENERS = text("""
SELECT id FROM webhook_endpoints WHERE account_id = :account_id AND enabled AND url IS NOT NULL AND events ? :type
FOR KEY SHARE
""")
DEFAULT_LISTENER = text("""
SELECT id FROM webhook_endpoints WHERE account_id = :account_id AND enabled AND url IS NULL FOR KEY SHARE
""")


def _of_account(account_id: UUID) -> Select[WebhookEndpoint]:
    return select(WebhookEndpoint).where(WebhookEndpoint.account_id == account_id)


async def page(session: ReadSession, account_id: UUID) -> list[WebhookEndpoint]:
    """Return all endpoints, newest first: there are few."""
    return list(await session.scalars(_of_account(account_id).order_by(WebhookEndpoint.id.desc())))


async def of_account(session: ReadSession, account_id: UUID, endpoint_id: UUID) -> WebhookEndpoint | None:
    endpoint: WebhookEndpoint | None = await session.scalar(
        _of_account(account_id).where(WebhookEndpoint.id == endpoint_id)
    )
    return endpoint


async def default_of_account(session: ReadSession, account_id: UUID) -> WebhookEndpoint | None:
    endpoint: WebhookEndpoint | None = await session.scalar(
        _of_account(account_id).where(WebhookEndpoint.url.is_(None))
    )
    return endpoint


async def lock_account(session: Session, account_id: UUID) -> None:
    """Serialize the creation of an account's endpoints, so that it stays within its limit."""
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"whk{account_id}"})


async def count(session: ReadSession, account_id: UUID) -> int:
    """Count the endpoints with their own address."""
    query = select(func.count()).where(WebhookEndpoint.account_id == account_id, WebhookEndpoint.url.is_not(None))
    return await session.scalar(query) or 0


async def add_default(session: Session, endpoint: WebhookEndpoint) -> None:
    """Write an account's default endpoint, unless it exists by now."""
    values = {
        "id": endpoint.id,
        "account_id": endpoint.account_id,
        "secret": endpoint.secret,
        "events": endpoint.events,
        "description": endpoint.description,
    }
    await session.execute(
        insert(WebhookEndpoint)
        .values(**values)
        .on_conflict_do_nothing(index_elements=["account_id"], index_where=WebhookEndpoint.url.is_(None))
    )


async def replace_secret(session: Session, endpoint_id: UUID, secret: bytes, *, grace: timedelta) -> None:
    """Set a new secret; the previous one signs beside it for the grace period."""
    await session.execute(
        update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id)
        .values(secret=secret, previous_secret=WebhookEndpoint.secret, previous_until=func.now() + grace)
    )


async def remove(session: Session, endpoint_id: UUID) -> None:
    """Delete the endpoint with its sent and waiting deliveries."""
    await session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))


async def listeners(session: Session, account_id: UUID, event_type: str) -> list[UUID]:
    """Find and lock the enabled endpoints with their own address that subscribe to this event type."""
    return list(await session.scalars(LISTENERS, {"account_id": account_id, "type": event_type}))


async def default_listener(session: Session, account_id: UUID) -> list[UUID]:
    """Find and lock the account's default endpoint; empty if its owner has disabled or deleted it."""
    return list(await session.scalars(DEFAULT_LISTENER, {"account_id": account_id}))


async def add_event(session: Session, event: WebhookEvent, deliveries: Sequence[WebhookDelivery]) -> None:
    """Write the event and its deliveries, and notify the senders when this transaction commits."""
    session.add(event)
    await session.flush()
    session.add_all(deliveries)
    await session.flush()
    await wake(session)


async def wake(session: Session) -> None:
    await session.execute(text("SELECT pg_notify(:channel, '')"), {"channel": CHANNEL})


async def add(session: Session, endpoint: WebhookEndpoint) -> None:
    session.add(endpoint)
    await session.reload(endpoint)


async def change(session: Session, endpoint: WebhookEndpoint, columns: Mapping[str, Any]) -> None:
    for column, value in columns.items():
        setattr(endpoint, column, value)
    await session.flush()


async def disable_all(session: Session, account_id: UUID) -> None:
    """Disable every endpoint of an account: nothing more is sent for it."""
    own = update(WebhookEndpoint).where(WebhookEndpoint.account_id == account_id, WebhookEndpoint.enabled)
    await session.execute(own.values(enabled=False, disabled_reason="owner"))


async def job_at_its_end(session: Session, job_id: UUID) -> Any:
    """Read the job's columns for a message, as this transaction has written them: the caller may hold an older copy."""
    columns = (
        Job.id,
        Job.batch_id,
        Job.kind,
        Job.status,
        Job.purity_served,
        Job.analysis_version,
        Job.error_code,
        Job.error_title,
        Job.error_detail,
        Job.attempts,
        Job.created_at,
        Job.completed_at,
        Job.receipt.is_not(None).label("has_receipt"),
    )
    return (await session.execute(select(*columns).where(Job.id == job_id))).one()


async def delete_old_events(session: Session, *, days: int, limit: int = 500) -> int:
    """Delete some events older than `days`, with their deliveries; return their number."""
    old = (
        select(WebhookEvent.id)
        .where(WebhookEvent.created_at < func.now() - timedelta(days=days))
        .order_by(WebhookEvent.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows = await session.scalars(delete(WebhookEvent).where(WebhookEvent.id.in_(old)).returning(WebhookEvent.id))
    return len(list(rows))
