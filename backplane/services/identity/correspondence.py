"""What use cases need to write to a user: mails, notices, links with one-time tokens, and the limit for strangers."""

from dataclasses import dataclass
from typing import Self

from backplane.bus import RedisBus
from backplane.services.identity.mail_throttle import MailThrottle
from backplane.services.identity.notices import Notices
from backplane.services.identity.one_time_tokens import OneTimeTokens
from backplane.services.mail.outgoing import Mails
from backplane.vault import LocalVault


@dataclass(frozen=True, slots=True)
class Correspondence:
    mails: Mails
    notices: Notices
    tokens: OneTimeTokens
    throttle: MailThrottle

    @classmethod
    def by(cls, mails: Mails, vault: LocalVault, bus: RedisBus) -> Self:
        return cls(mails, Notices(mails), OneTimeTokens(vault), MailThrottle(bus))
