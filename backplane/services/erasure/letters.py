"""Mails about erasures."""

from collections.abc import Sequence
from datetime import datetime

from backplane.db.models import Account, Erasure
from backplane.db.repositories import memberships
from backplane.db.session import Session
from backplane.services.identity.permissions import OWNER
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.services.mail.values import moment

PAGE = "/settings#data"
UNKNOWN = "unknown: ask who runs this service"


class Letters:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def scheduled(self, session: Session, account: Account, erasure: Erasure) -> None:
        """Tell every owner when the account will be erased, with a link to cancel."""
        link, on = self._mails.page(PAGE), moment(erasure.erase_at)
        for owner in await owners(session, account):
            name = account.name or owner.address
            await self._mails.send(session, owner, "erasure-scheduled", account=name, on=on, link=link)

    async def done(
        self, session: Session, addresses: Sequence[Recipient], at: datetime, backups_by: datetime | None
    ) -> None:
        """Tell those who were the owners. The mail has no user any more, and is sealed as that of a stranger is."""
        by = moment(backups_by) if backups_by is not None else UNKNOWN
        for owner in addresses:
            recipient = Recipient(owner.address)
            await self._mails.send(session, recipient, "erasure-done", time=moment(at), backups_by=by)


async def owners(session: Session, account: Account) -> Sequence[Recipient]:
    """Return the owners of an account; of a personal one its user."""
    found = await memberships.members(session, account.id)
    return [Recipient(email, member.user_id) for member, email in found if member.role == OWNER]
