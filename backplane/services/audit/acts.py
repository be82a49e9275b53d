"""Entries of operators' acts: in the chain of the account that is changed, and in the chain of the system."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from backplane.actions import Action
from backplane.db.session import Session
from backplane.services.audit import trail
from backplane.services.requests.caller import NO_ACCOUNT, Caller


def record(
    session: Session,
    caller: Caller,
    action: Action,
    account_id: UUID,
    object_id: UUID | None = None,
    *,
    outcome: str = trail.SUCCESS,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Write both entries in the transaction of the act; without another object it is about the account itself."""
    for chain in (account_id, NO_ACCOUNT):
        by = replace(caller, account_id=chain)
        trail.record(session, by, action, object_id or account_id, outcome=outcome, details=details)
