"""Reading of the directory to which mails are written, newest first."""

import asyncio
import email
import os
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from uuid import UUID

FILE = re.compile(r"(?P<time>\d{8}T\d{6}Z)-(?P<id>[0-9a-f]{32})\.eml", re.ASCII)
TIME = "%Y%m%dT%H%M%SZ"
LARGEST = 1 << 20
"""A mail of ours has a few kilobytes. Somebody else may have put another file there."""


@dataclass(frozen=True, slots=True)
class WrittenMail:
    id: UUID
    file: str
    written_at: datetime
    recipient: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


class WrittenMails:
    """The mails in a directory of `MailFolder`; other files are ignored."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    async def page(self, *, limit: int, before: UUID | None) -> list[WrittenMail]:
        """Return up to `limit` mails that are older than `before`."""
        return await asyncio.to_thread(self._page, limit, before)

    async def find(self, mail_id: UUID) -> WrittenMail | None:
        return await asyncio.to_thread(self._find, mail_id)

    def _page(self, limit: int, before: UUID | None) -> list[WrittenMail]:
        # The ids are ordered by time. A file may be deleted while the directory is read.
        older = sorted((one for one in self._names() if before is None or one < before), reverse=True)
        found: list[WrittenMail] = []
        for mail_id in older:
            if len(found) == limit:
                break
            if (mail := self._find(mail_id)) is not None:
                found.append(mail)
        return found

    def _find(self, mail_id: UUID) -> WrittenMail | None:
        name = self._names().get(mail_id)
        return _read(self._directory / name, mail_id) if name is not None else None

    def _names(self) -> dict[UUID, str]:
        try:
            names = [path.name for path in self._directory.iterdir()]
        except OSError:  # before the first mail there is no directory
            return {}
        matches = (FILE.fullmatch(name) for name in names)
        return {UUID(match["id"]): match[0] for match in matches if match is not None}


def _read(path: Path, mail_id: UUID) -> WrittenMail | None:
    """Read a file; None for one that was deleted meanwhile, and for what is no mail."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
            message: EmailMessage = email.message_from_bytes(file.read(LARGEST), policy=default)
        body = message.get_body(("plain",))
        return WrittenMail(
            id=mail_id,
            file=path.name,
            written_at=datetime.strptime(path.name.partition("-")[0], TIME).replace(tzinfo=UTC),
            recipient=str(message["To"] or ""),
            subject=str(message["Subject"] or ""),
            text=body.get_content() if body is not None else "",
        )
    except (OSError, ValueError, LookupError):
        return None
