"""Entries of operators' acts: in the chain of the account that is changed, and in the chain of the system."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from backplane.db.session import Session
from backplane.services.audit import trail
from backplane.services.requests.caller import NO_ACCOUNT, Caller


def record(
    session: Session, caller: Caller, action: str, account_id: UUID, *, details: Mapping[str, Any] | None = None
) -> None:
    """Write both entries in the transaction of the act."""
    for chain in (account_id, NO_ACCOUNT):
        trail.record(session, replace(caller, account_id=chain), action, account_id, details=details)
