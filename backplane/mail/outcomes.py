"""Outcomes of an attempt to deliver a mail."""

from dataclasses import dataclass
from typing import Literal, Protocol

from backplane.mail.messages import Letter

Code = Literal[
    "sent",
    "refused",  # this recipient or this mail, forever
    "invalid",  # an address that cannot be written
    "deferred",
    "connection",
    "timeout",
    "tls",
    "unsupported",  # the server lacks STARTTLS or AUTH
    "credentials",
    "sender",
    "folder",
]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an attempt. The server's own words are not kept: they often quote the recipient."""

    code: Code
    status: int | None = None
    """The reply code of the SMTP server, if it gave one."""

    @property
    def sent(self) -> bool:
        return self.code == "sent"

    @property
    def final(self) -> bool:
        """Whether another attempt is useless: the mail was sent, or the server refuses this mail forever."""
        return self.code in {"sent", "refused", "invalid"}


class Transport(Protocol):
    async def deliver(self, letter: Letter) -> Outcome: ...
