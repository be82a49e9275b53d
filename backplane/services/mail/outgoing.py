"""Mails as consequences of acts: each is a row, written in the transaction of its act."""

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit
from uuid import UUID

from backplane import ids
from backplane.db.repositories import mails
from backplane.db.session import Session
from backplane.services.mail import contents
from backplane.services.mail.contents import Content
from backplane.services.mail.kinds import KINDS, SECURITY
from backplane.services.mail.preferences import UNSUBSCRIBE, is_wanted, make_token
from backplane.services.mail.rendering import Footer, render
from backplane.settings import Settings
from backplane.vault import LocalVault

LOCAL_URL = "http://localhost:8000"
"""Links of a development installation without PUBLIC_URL."""

DOMAIN = re.compile(r"[a-z0-9.-]+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address, and the user whose it is. Security mails may go to addresses without a user."""

    address: str = field(repr=False)
    user_id: UUID | None = None


class Mails:
    def __init__(self, vault: LocalVault, *, public_url: str, support: str | None, enabled: bool) -> None:
        self._vault = vault
        self._public_url = public_url
        self._support = support
        self.enabled = enabled
        """Whether this installation sends mails at all."""

    @classmethod
    def from_settings(cls, settings: Settings, vault: LocalVault) -> Self:
        return cls(
            vault,
            public_url=settings.public_url or LOCAL_URL,
            support=settings.support_contact,
            enabled=settings.smtp_url is not None or settings.mail_outbox_directory is not None,
        )

    def page(self, path: str, *, token: str | None = None) -> str:
        """Return the address of a page of the console.

        A token is in the fragment: browsers do not send it, so no log has it, and a mail scanner that opens the link
        spends nothing.
        """
        return f"{self._public_url}{path}" + ("" if token is None else f"#token={token}")

    async def send(
        self,
        session: Session,
        recipient: Recipient,
        kind: str,
        *,
        once: str | None = None,
        dropped: bool = False,
        **values: str,
    ) -> bool:
        """Write a mail that the relay sends after the commit; rendered here, so that an older relay can send it.

        Args:
            session: The transaction of the act.
            recipient: To whom.
            kind: One of KINDS.
            once: The occasion; a user gets one mail of a kind for it.
            dropped: Do the same work, and send nothing: the caller must not learn from the time whether a mail is sent.
            values: The fields of the kind.

        Returns:
            Whether a mail was written: not if the user does not want this category, has this mail for the occasion, or
            the installation sends no mail.

        Raises:
            ValueError: the values are not the fields of the kind, or a mail that can be unsubscribed has no user.
        """
        found, mail_id = KINDS[kind], ids.new()
        footer = Footer(self._public_url, self._support, self._unsubscribe_url(recipient, found.category))
        rendered = render(kind, values, footer)
        if not self.enabled or not await self._is_wanted(session, recipient, found.category):
            return False
        content = Content(
            recipient=ascii_address(recipient.address),
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            unsubscribe_url=footer.unsubscribe_url,
        )
        sealed = contents.seal(self._vault, mail_id, content)
        return await mails.add(
            session,
            worth=found.worth,
            id=mail_id,
            user_id=recipient.user_id,
            kind=kind,
            once=once,
            awaited=found.awaited,
            message_id=f"<{mail_id.hex}@{self._host}>",
            sealed=None if dropped else sealed,
            status="dropped" if dropped else "pending",
        )

    @staticmethod
    async def _is_wanted(session: Session, recipient: Recipient, category: str) -> bool:
        return category == SECURITY or (
            recipient.user_id is not None and await is_wanted(session, recipient.user_id, category)
        )

    def _unsubscribe_url(self, recipient: Recipient, category: str) -> str | None:
        if category == SECURITY:
            return None
        if recipient.user_id is None:
            raise ValueError("A mail that can be unsubscribed needs a user")
        return f"{self._public_url}{UNSUBSCRIBE}?token={make_token(self._vault, recipient.user_id, category)}"

    @property
    def _host(self) -> str:
        host = urlsplit(self._public_url).hostname or "localhost"
        return host if DOMAIN.fullmatch(host) else "localhost"


def ascii_address(address: str) -> str:
    """Write the domain in ASCII. A name in other letters stays: few servers accept it, and the relay finds out."""
    if address.isascii():
        return address
    import idna  # noqa: PLC0415 - rare, and 30 ms

    local, _, domain = address.rpartition("@")
    return f"{local}@{idna.encode(domain, uts46=True).decode()}"
