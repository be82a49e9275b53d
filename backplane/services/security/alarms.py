"""Alarms: what a rule found about a subject in one step of the watch."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from backplane.services.security.detectors.detector import Finding
from backplane.services.security.rules import Rule


@dataclass(frozen=True, slots=True)
class Alarm:
    rule: Rule
    subject: bytes
    """The key of the tally."""
    finding: Finding
    first_at: datetime
    last_at: datetime

    def again(self, finding: Finding, at: datetime) -> Self:
        """Count another finding of the same step."""
        return replace(self, finding=replace(self.finding, count=self.finding.count + finding.count), last_at=at)
