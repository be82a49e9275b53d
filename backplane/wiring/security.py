"""Wiring of the rules on the audit trail: their watch in the relay, and their events in the gateway."""

from dataclasses import dataclass
from typing import Self

from backplane.services.mail.outgoing import Mails
from backplane.services.security.detectors import detectors_of
from backplane.services.security.misses import IdMisses
from backplane.services.security.notices import SecurityNotices
from backplane.services.security.views import SecurityEvents
from backplane.services.security.watch import SecurityWatch
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class SecurityServices:
    events: SecurityEvents
    misses: IdMisses

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        return cls(SecurityEvents(resources.database), IdMisses(resources.database))


def wire_watch(resources: Resources) -> SecurityWatch:
    notices = SecurityNotices(Mails.from_settings(resources.settings, resources.vault))
    return SecurityWatch(resources.database, detectors_of(resources.settings), notices)
