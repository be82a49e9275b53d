"""The mails of an installation without a mail server, which operators read in the console.

Their links log in, and set passwords. So a mail is shown only where the operator is the owner of the machine: never in
production, and never where a mail server sends them.
"""

from dataclasses import replace
from typing import Self
from uuid import UUID

from backplane.db.session import Database
from backplane.errors import NotFound
from backplane.mail.written import WrittenMail, WrittenMails
from backplane.services.audit import trail
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from backplane.settings import Settings

__all__ = ["MailOutbox", "WrittenMail"]


class MailOutbox:
    def __init__(self, database: Database, mails: WrittenMails | None) -> None:
        self._database = database
        self._mails = mails

    @classmethod
    def from_settings(cls, settings: Settings, database: Database) -> Self:
        directory = settings.mail_outbox_directory
        if directory is None or settings.smtp_url is not None or settings.environment == "production":
            return cls(database, None)
        return cls(database, WrittenMails(directory))

    @property
    def shown(self) -> bool:
        """Whether operators can read the mails of this installation."""
        return self._mails is not None

    async def page(self, *, limit: int, before: UUID | None) -> tuple[list[WrittenMail], bool]:
        """Return up to `limit` mails, newest first, and whether there are more.

        Raises:
            NotFound: this installation shows no mails.
        """
        found = await self._demand().page(limit=limit + 1, before=before)
        return found[:limit], len(found) > limit

    async def read(self, caller: Caller, mail_id: UUID) -> WrittenMail:
        """Return a mail. The trail of the system names who has read it.

        Raises:
            NotFound: there is no such mail, or this installation shows none.
        """
        found = await self._demand().find(mail_id)
        if found is None:
            raise NotFound
        async with self._database.transaction() as session:
            trail.record(session, replace(caller, account_id=NO_ACCOUNT), "mail.read", mail_id)
        return found

    def _demand(self) -> WrittenMails:
        if self._mails is None:
            raise NotFound("This installation writes no mails to a folder that it shows")
        return self._mails
