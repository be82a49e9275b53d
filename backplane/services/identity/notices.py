"""Mails to users about the security of their account."""

import asyncio
import hashlib
from datetime import UTC, datetime
from uuid import UUID

from backplane.db.models import User
from backplane.db.repositories import accounts, known_devices, users
from backplane.db.session import Session
from backplane.services.identity.api_key_reminders import KEYS_PAGE, account_name
from backplane.services.identity.devices import device_of
from backplane.services.mail.outgoing import Mails, Recipient
from backplane.services.mail.values import moment
from backplane.services.requests.caller import Caller
from backplane.services.requests.networks import range_of

NOBODY = Recipient("nobody@localhost")
"""The recipient of a mail that is dropped."""

UNKNOWN = "unknown"
RESET_PAGE, SECURITY_PAGE = "/forgot-password", "/settings/security"
RESET_FACTORS_PAGE = "/reset-factors"
SESSIONS_PAGE = f"{SECURITY_PAGE}#sessions"


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

    async def logged_in(self, session: Session, caller: Caller, user_id: UUID) -> None:
        """Note the device of a log-in, and tell the user of a new one; the first of all is no news."""
        # The rules that recognize browsers are compiled at the first use, which takes a tenth of a second.
        device = await asyncio.to_thread(device_of, caller.user_agent)
        if await known_devices.note(session, user_id, _digest(user_id, device, caller.address)):
            await self._tell(
                session,
                user_id,
                "new-device",
                device=device or UNKNOWN,
                address=_place(caller),
                sessions=self._mails.page(SESSIONS_PAGE),
            )

    async def factor_added(self, session: Session, user_id: UUID, factor: str, name: str) -> None:
        page = self._mails.page(SECURITY_PAGE)
        await self._tell(session, user_id, "factor-added", factor=factor, name=name, security=page)

    async def factor_removed(self, session: Session, user_id: UUID, factor: str, name: str) -> None:
        page = self._mails.page(SECURITY_PAGE)
        await self._tell(session, user_id, "factor-removed", factor=factor, name=name, security=page)

    async def factor_reset_requested(self, session: Session, user_id: UUID, token: str) -> None:
        page = self._mails.page(RESET_FACTORS_PAGE, token=token)
        await self._tell(session, user_id, "factor-reset-requested", link=page)

    async def factors_reset(self, session: Session, user_id: UUID, *, by: str) -> None:
        page = self._mails.page(SECURITY_PAGE)
        await self._tell(session, user_id, "factor-reset", by=by, security=page)

    async def api_key_made(self, session: Session, user_id: UUID, account_id: UUID, name: str) -> None:
        account = await accounts.by_id(session, account_id)
        named = account_name(account.name if account is not None else None)
        await self._tell(session, user_id, "api-key-made", name=name, account=named, keys=self._mails.page(KEYS_PAGE))

    async def identity_linked(self, session: Session, user_id: UUID, provider: str) -> None:
        page = self._mails.page(SECURITY_PAGE)
        await self._tell(session, user_id, "identity-linked", provider=provider, security=page)

    async def identity_unlinked(self, session: Session, user_id: UUID, provider: str) -> None:
        page = self._mails.page(SECURITY_PAGE)
        await self._tell(session, user_id, "identity-unlinked", provider=provider, security=page)

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

    async def _tell(self, session: Session, user_id: UUID, kind: str, **values: str) -> None:
        user = await users.by_id(session, user_id)
        if user is not None:
            await self._mails.send(session, recipient_of(user), kind, once=None, dropped=False, time=_now(), **values)


def recipient_of(user: User | None) -> Recipient:
    return NOBODY if user is None else Recipient(user.email, user.id)


def _now() -> str:
    return moment(datetime.now(UTC))


def _place(caller: Caller) -> str:
    return caller.address or UNKNOWN


def _digest(user_id: UUID, device: str | None, address: str | None) -> bytes:
    return hashlib.sha256(repr((user_id.hex, device, range_of(address))).encode()).digest()
