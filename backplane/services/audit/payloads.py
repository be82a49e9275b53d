"""What is hashed of an audit entry: canonical JSON. docs/reference/audit-format.md, "Payload"."""

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from backplane import ids
from backplane.db.models import AuditEvent
from shield_core.audit.chains import SYSTEM
from shield_core.audit.checkpoints import write_moment
from shield_core.keys import canonical

VERSION: Final = 1
SALT_SIZE: Final = 16
"""Bytes that nobody can guess, so that the hash of a short payload does not tell what is in it."""


def chain_of(event: AuditEvent) -> UUID:
    return event.account_id or SYSTEM


def build(event: AuditEvent, person: Mapping[str, Any] | None) -> bytes:
    """Write the payload of an entry, with a new salt."""
    salt = canonical.b64encode(secrets.token_bytes(SALT_SIZE))
    fields = {**facts_of(event), "version": VERSION, "person": person, "salt_b64": salt}
    try:
        return canonical.dumps(fields)
    except canonical.NotCanonical:
        # Details of an earlier release: one entry without a canonical form must not stop the chain.
        return canonical.dumps(fields | {"details": {"json": json.dumps(event.details, sort_keys=True)}})


def facts_of(event: AuditEvent) -> dict[str, Any]:
    """Return the part of a payload that the columns beside it repeat for queries."""
    return {
        "id": ids.to_wire("aud", event.id),
        "time": write_moment(event.created_at),
        "action": event.action,
        "outcome": event.outcome,
        "actor": event.actor,
        "user": _wire("usr", event.user_id),
        "api_key": _wire("apk", event.api_key_id),
        "role": event.role,
        "account": _wire("acc", event.account_id),
        "object": event.object_id.hex if event.object_id is not None else None,
        "request": event.request_id,
        "details": event.details,
    }


def _wire(prefix: str, value: UUID | None) -> str | None:
    return ids.to_wire(prefix, value) if value is not None else None
