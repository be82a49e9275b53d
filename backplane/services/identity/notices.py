"""Mails to users about the security of their account."""

import asyncio
from datetime import UTC, datetime

from backplane.db.models import User
from backplane.db.repositories import login_sessions
from backplane.db.session import Session
from backplane.services.identity.devices import device_of
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.services.mail.values import moment
from backplane.services.requests.caller import Caller

NOBODY = Recipient("nobody@localhost")
"""The recipient of a mail that is dropped."""

UNKNOWN = "unknown"
RESET_PAGE, SESSIONS_PAGE = "/forgot-password", "/settings"


class Notices:
    def __init__(self, mails: Mails) -> None:
        self._mails = mails

    async def account_locked(self, session: Session, caller: Caller, user: User | None) -> None:
        """Tell the owner, once a day, that somebody enters wrong passwords; without a user do the same work."""
        await self._mails.send(
            session,
            recipient_of(user),
            "account-locked",
            once=f"{datetime.now(UTC):%Y-%m-%d}",
            dropped=user is None,
            reset=self._mails.page(RESET_PAGE),
            time=_now(),
            address=_place(caller),
        )

    async def new_device(self, session: Session, caller: Caller, user: User) -> None:
        """Tell the user about a log-in from a new device, unless it is the only one."""
        if await login_sessions.any_of_user(session, user.id):
            device = await asyncio.to_thread(device_of, caller.user_agent) or UNKNOWN
            page = self._mails.page(SESSIONS_PAGE)
            await self._mails.send(
                session,
                recipient_of(user),
                "new-device",
                device=device,
                sessions=page,
                time=_now(),
                address=_place(caller),
            )

    async def password_changed(self, session: Session, caller: Caller, user: User) -> None:
        reset = self._mails.page(RESET_PAGE)
        await self._mails.send(
            session, recipient_of(user), "password-changed", reset=reset, time=_now(), address=_place(caller)
        )

    async def address_changed(self, session: Session, user: User, *, old: str) -> None:
        """Tell both addresses: the old one may belong to the person from whom the account was taken."""
        for address in (old, user.email):
            recipient = Recipient(address, user.id)
            await self._mails.send(session, recipient, "address-changed", time=_now(), old=old, new=user.email)


def recipient_of(user: User | None) -> Recipient:
    return NOBODY if user is None else Recipient(user.email, user.id)


def _now() -> str:
    return moment(datetime.now(UTC))


def _place(caller: Caller) -> str:
    return caller.address or UNKNOWN
