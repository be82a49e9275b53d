"""Mails of invitations."""

from dataclasses import dataclass, field

from backplane.db.session import Session
from backplane.services.mail.outgoing import Mails, Recipient

PAGE = "/invitation"


@dataclass(frozen=True, slots=True)
class Letter:
    """What an invited person reads."""

    address: str = field(repr=False)
    inviter: str = field(repr=False)
    account: str
    role: str
    link: str = field(repr=False)


class Letters:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    def link(self, token: str) -> str:
        """Return the address of the page that accepts; no server sees the token, because it is in the fragment."""
        return self._mails.page(PAGE, token=token)

    async def send(self, session: Session, letter: Letter) -> bool:
        """Mail an invitation after the commit; False if the installation sends no mail."""
        return await self._mails.send(
            session,
            Recipient(letter.address),
            "invitation",
            inviter=letter.inviter,
            account=letter.account,
            role=letter.role,
            link=letter.link,
        )
