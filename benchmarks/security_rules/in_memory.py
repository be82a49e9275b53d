"""The same month for the detectors alone, without a database: seconds in place of minutes, to choose thresholds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backplane import ids
from backplane.db.models import AuditEvent
from backplane.db.repositories.security_events import REPEATS
from backplane.security_thresholds import SecurityThresholds
from backplane.services.audit.persons import PersonKey
from backplane.services.audit.signals import observe
from backplane.services.security.detectors import detectors_of
from backplane.services.security.detectors.detector import State
from backplane.services.security.watch import looks
from benchmarks.security_rules.acts import Act


@dataclass(frozen=True, slots=True)
class Raised:
    rule: str
    account_id: UUID | None
    first_at: datetime


def play(acts: Iterable[Act], thresholds: SecurityThresholds) -> list[Raised]:
    """Return what the detectors raise; a repetition within a day is no other event."""
    detectors, states = detectors_of(thresholds), dict[bytes, State]()
    last: dict[bytes, datetime] = {}
    raised = []
    for act in acts:
        seen = observe(_event(act), _person(act))
        for detector, key, one in looks(detectors, seen) if seen is not None else ():
            finding = detector.look(states.setdefault(key, {}), one)
            if finding is None:
                continue
            if key not in last or last[key] <= act.at - REPEATS:
                raised.append(Raised(detector.rule.name, finding.account_id, act.at))
            last[key] = act.at
    return raised


def _event(act: Act) -> AuditEvent:
    return AuditEvent(
        id=ids.new(),
        action=act.action,
        outcome=act.outcome,
        created_at=act.at,
        account_id=act.account,
        user_id=act.user,
        api_key_id=act.api_key,
        object_id=act.object,
        details=act.details,
    )


def _person(act: Act) -> tuple[PersonKey, dict[str, str]] | None:
    fields = {name: value for name in ("address", "device") if (value := getattr(act, name)) is not None}
    holder = act.user or (act.account if act.api_key else None)
    secret = bytes(16) + (holder.bytes if holder is not None else bytes(16))
    return (PersonKey("", secret), fields) if fields else None
