"""Wiring of mails: what writes them, and what their recipients chose."""

from dataclasses import dataclass
from typing import Self

from backplane.services.mail.outbox import MailOutbox
from backplane.services.mail.outgoing import Mails
from backplane.services.mail.preferences import MailPreferences
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class MailServices:
    outgoing: Mails
    preferences: MailPreferences
    outbox: MailOutbox

    @classmethod
    def wire(cls, resources: Resources) -> Self:
        return cls(
            outgoing=Mails.from_settings(resources.settings, resources.vault),
            preferences=MailPreferences(resources.database, resources.vault),
            outbox=MailOutbox.from_settings(resources.settings, resources.database),
        )
