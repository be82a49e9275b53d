"""Changes of a user's mail address, confirmed by a mail to the new one."""

from dataclasses import replace
from datetime import UTC, datetime

from backplane.db.models import User
from backplane.db.repositories import accounts, users
from backplane.db.session import Database, Session
from backplane.errors import EmailTaken
from backplane.errors.users import LinkUnknown, MailNotConfigured
from backplane.services.audit import trail
from backplane.services.identity.correspondence import Correspondence
from backplane.services.identity.notices import RESET_PAGE
from backplane.services.identity.one_time_tokens import CHANGE_ADDRESS, RESET_FACTORS, RESET_PASSWORD
from backplane.services.identity.registrations import LOGIN_PAGE
from backplane.services.mail.outgoing import Recipient
from backplane.services.requests.caller import Caller

CONFIRM_PAGE = "/confirm-email"


class AddressChanges:
    def __init__(self, database: Database, correspondence: Correspondence) -> None:
        self._database = database
        self._mails = correspondence.mails
        self._throttle = correspondence.throttle
        self._notices = correspondence.notices
        self._tokens = correspondence.tokens

    async def request(self, caller: Caller, email: str) -> None:
        """Mail a link to the new address, or to its owner that somebody wanted it; the answer is the same.

        The user's present address may be given too: then the link confirms it.

        Raises:
            MailNotConfigured: this installation sends no mail.
        """
        if not self._mails.enabled:
            raise MailNotConfigured("Ask the operator to change the address")
        assert caller.user_id is not None
        email = email.lower()
        dropped = not await self._throttle.allows(email)
        async with self._database.transaction() as session:
            owner = await users.by_email(session, email)
            token = await self._tokens.issue(session, CHANGE_ADDRESS, caller.user_id, {"email": email})
            trail.record(session, caller, "email.change_requested", caller.user_id)
            if owner is None or owner.id == caller.user_id:
                link = self._mails.page(CONFIRM_PAGE, token=token)
                await self._mails.send(session, Recipient(email), "address-change", dropped=dropped, link=link)
                return
            recipient = Recipient(email, owner.id)
            log_in, reset = self._mails.page(LOGIN_PAGE), self._mails.page(RESET_PAGE)
            await self._mails.send(session, recipient, "address-taken", dropped=dropped, log_in=log_in, reset=reset)

    async def confirm(self, caller: Caller, token: str) -> str:
        """Make the confirmed address the one that the user logs in with, and return it.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: the token confirms nothing.
            EmailTaken: another user has the address by now.
        """
        async with self._database.transaction() as session:
            spent = await self._tokens.spend(session, CHANGE_ADDRESS, token)
            await accounts.lock_registration(session)
            user = await users.lock(session, spent.user_id) if spent.user_id is not None else None
            if user is None:
                raise LinkUnknown
            await self._store(
                session, replace(caller, account_id=user.id, user_id=user.id), user, spent.content["email"]
            )
            return user.email

    async def _store(self, session: Session, caller: Caller, user: User, email: str) -> None:
        old = user.email
        user.email_verified_at = datetime.now(UTC)
        if email != old:
            if await users.by_email(session, email) is not None:
                raise EmailTaken
            user.email = email
            await accounts.copy_email(session, user.id, email)
            # Links in the mailbox of the old address set no password and remove no factors any more.
            await self._tokens.revoke(session, RESET_PASSWORD, user.id)
            await self._tokens.revoke(session, RESET_FACTORS, user.id)
            await self._tokens.revoke(session, CHANGE_ADDRESS, user.id)
            await self._notices.address_changed(session, user, old=old)
        trail.record(session, caller, "email.changed" if email != old else "email.verified", user.id)
