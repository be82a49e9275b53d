"""A security event as the API and the webhooks show it: what happened, what to do, and where to read more."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Self
from urllib.parse import urlencode
from uuid import UUID

from backplane import ids
from backplane.db.models import SecurityEvent
from backplane.services.security.rules import RULES

PREFIX: Final = "sec"
BEFORE: Final = timedelta(hours=1)
"""What led to an event happened within this time."""


@dataclass(frozen=True, slots=True)
class SecurityEventFacts:
    id: UUID
    account_id: UUID | None
    user_id: UUID | None
    rule: str
    severity: str
    what: str
    advice: str
    count: int
    facts: Mapping[str, Any]
    first_at: datetime
    last_at: datetime
    audit_url: str | None
    """None for an event of the installation."""
    acknowledged_at: datetime | None
    acknowledged_by: UUID | None

    @classmethod
    def of(cls, event: SecurityEvent) -> Self:
        rule = RULES[event.rule]
        return cls(
            id=event.id,
            account_id=event.account_id,
            user_id=event.user_id,
            rule=event.rule,
            severity=event.severity,
            what=rule.what(event.count, event.facts),
            advice=rule.advice(event.facts),
            count=event.count,
            facts={name: value for name, value in event.facts.items() if name != "variant"},
            first_at=event.first_at,
            last_at=event.last_at,
            audit_url=_audit_url(event, rule.actions) if event.account_id is not None else None,
            acknowledged_at=event.acknowledged_at,
            acknowledged_by=event.acknowledged_by,
        )

    def message(self) -> dict[str, Any]:
        """Return the data of a webhook message."""
        return {
            "security_event_id": ids.to_wire(PREFIX, self.id),
            "rule": self.rule,
            "severity": self.severity,
            "what": self.what,
            "advice": self.advice,
            "account_id": _wire("acc", self.account_id),
            "user_id": _wire("usr", self.user_id),
            "count": self.count,
            "facts": dict(self.facts),
            "first_at": write(self.first_at),
            "last_at": write(self.last_at),
            "audit_url": self.audit_url,
        }


def write(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _audit_url(event: SecurityEvent, actions: str) -> str:
    wanted = {
        **({"action": actions} if actions else {}),
        "created_after": write(event.first_at - BEFORE),
        "created_before": write(event.last_at + timedelta(seconds=1)),
    }
    return f"/api/v1/audit?{urlencode(wanted)}"


def _wire(prefix: str, value: UUID | None) -> str | None:
    return ids.to_wire(prefix, value) if value is not None else None
