"""Mails about API keys that expire soon, to the users who made them: seven days and one day before, once each."""

from datetime import timedelta

from backplane.db.repositories import api_keys
from backplane.db.repositories.api_keys import Expiring
from backplane.db.session import Database, Session
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.services.mail.values import moment

KIND, KEYS_PAGE = "api-key-expiring", "/api-keys"
DAYS = (1, 7)
"""A key that was made for no longer than this is not mentioned so long before."""

AT_ONCE = 500


class ApiKeyReminders:
    def __init__(self, database: Database, mails: Mails) -> None:
        self._database = database
        self._mails = mails

    async def remind(self) -> None:
        """Write the mails that are due. A mail is a row with its occasion: no crash and no second relay repeats one."""
        if not self._mails.enabled:
            return
        nearer = timedelta()
        for days in DAYS:
            async with self._database.transaction() as session:
                span = (nearer, timedelta(days=days))
                for found in await api_keys.expiring(session, span, mail=KIND, mark=str(days), limit=AT_ONCE):
                    await self._remind(session, found)
            nearer = timedelta(days=days)

    async def _remind(self, session: Session, found: Expiring) -> None:
        await self._mails.send(
            session,
            Recipient(found.email, found.user_id),
            KIND,
            once=found.occasion,
            name=found.name,
            account=account_name(found.account_name),
            on=moment(found.expires_at),
            keys=self._mails.page(KEYS_PAGE),
        )


def account_name(name: str | None) -> str:
    """Name an account in a mail; a personal one has no name."""
    return name or "your personal account"
