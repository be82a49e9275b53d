from collections.abc import Mapping
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.db.models import AuditEvent
from backplane.db.session import Session


def add(
    session: Session,
    *,
    action: str,
    outcome: str,
    account_id: UUID | None,
    object_id: UUID | None = None,
    request_id: str | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    session.add(
        AuditEvent(
            id=ids.new(),
            action=action,
            outcome=outcome,
            account_id=account_id,
            object_id=object_id,
            request_id=request_id,
            details=dict(details or {}),
        )
    )
