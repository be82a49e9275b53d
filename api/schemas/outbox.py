"""Schemas of the mails that an installation without a mail server writes to a folder."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, Field

from backplane import ids
from backplane.services.mail.outbox import WrittenMail

ID = "eml"


class OutboxEntry(BaseModel):
    """A mail without its text."""

    id: Annotated[str, Field(examples=["eml_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]
    file: Annotated[str, Field(description="Its name in the folder, for a mail program")]
    written_at: datetime
    recipient: Annotated[str, Field(examples=["ada@example.org"])]
    subject: str

    @classmethod
    def of(cls, mail: WrittenMail) -> Self:
        return cls(**_entry(mail))


class OutboxMail(OutboxEntry):
    text: Annotated[str, Field(description="The plain text; its links can log in and set passwords")]

    @classmethod
    def of(cls, mail: WrittenMail) -> Self:
        return cls(**_entry(mail), text=mail.text)


class OutboxPage(BaseModel):
    data: list[OutboxEntry]
    has_more: bool
    next_cursor: Annotated[str | None, Field(description="Send it as `cursor` for the next page")]


def _entry(mail: WrittenMail) -> dict[str, Any]:
    return {
        "id": ids.to_wire(ID, mail.id),
        "file": mail.file,
        "written_at": mail.written_at,
        "recipient": mail.recipient,
        "subject": mail.subject,
    }
