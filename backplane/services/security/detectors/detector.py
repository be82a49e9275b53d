"""The interface of detectors."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from backplane import ids
from backplane.db.models import SecurityObservation as Observation
from backplane.services.security.rules import Rule

State = dict[str, Any]
"""What a tally keeps: JSON."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What is worth a security event."""

    account_id: UUID | None
    user_id: UUID | None
    count: int = 1
    facts: Mapping[str, Any] = field(default_factory=dict)


class Detector(ABC):
    rule: Rule
    signals: frozenset[str]
    keeps: ClassVar[timedelta] = timedelta(days=2)
    """How long its memory of a subject is worth something."""

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold

    @abstractmethod
    def subject(self, seen: Observation) -> bytes | None:
        """Return what is counted for; None if this observation says nothing here."""

    @abstractmethod
    def look(self, state: State, seen: Observation) -> Finding | None:
        """Take an observation into the state; return what is worth an event."""


def holder_of(seen: Observation) -> UUID | None:
    """Return the credential's holder: a user or an API key."""
    return seen.user_id or seen.api_key_id


def of_holder(seen: Observation, count: int, **facts: Any) -> Finding:
    """Report the holder of the credential that did it, in the account where it happened."""
    if seen.api_key_id is not None:
        facts["api_key_id"] = ids.to_wire("apk", seen.api_key_id)
    return Finding(seen.account_id, seen.user_id, count, facts)
