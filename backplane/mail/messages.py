"""Mails as RFC 5322 messages, the same bytes for every attempt."""

import email.policy
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import EmailPolicy
from typing import Any
from uuid import UUID


class WholeHeader(UnstructuredHeader, BaseHeader):
    """A header on one line: the standard library would encode a long address in it, and no mail program decodes that.

    RFC 5322 allows 998 characters.
    """

    def fold(self, *, policy: Any) -> str:
        return f"{self.name}: {self}{policy.linesep}"


HEADERS = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", WholeHeader)
POLICY: "EmailPolicy[EmailMessage]" = email.policy.SMTP.clone(header_factory=HEADERS)


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to one recipient."""

    id: UUID
    message_id: str
    sender: str
    """As in the header From: an address, or a name and an address."""
    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    html: str = field(repr=False)
    written_at: datetime
    unsubscribe_url: str | None = field(default=None, repr=False)


def compose(letter: Letter) -> EmailMessage:
    """Write the message.

    Raises:
        ValueError: a line break in what becomes a header.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = letter.sender
    message["To"] = letter.recipient
    message["Subject"] = letter.subject
    message["Date"] = letter.written_at
    message["Message-ID"] = letter.message_id
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office reply comes back
    if letter.unsubscribe_url is not None:
        message["List-Unsubscribe"] = f"<{letter.unsubscribe_url}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"  # RFC 8058
    message.set_content(letter.text, cte="quoted-printable")
    message.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    # Otherwise the border is random, and a repeated mail differs from the first.
    message.set_boundary(f"=_{letter.id.hex}")
    return message
