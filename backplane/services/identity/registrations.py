"""Registrations: who may register, and the confirmation of the address by mail.

With confirmation, nothing but a one-time token exists before the address is confirmed. So a free and a taken address
get the same answer after the same work, and nobody holds an address that is not theirs.
"""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from backplane import ids
from backplane.db.models import User
from backplane.db.repositories import accounts, invitations, users
from backplane.db.session import Database, Session
from backplane.errors import EmailTaken
from backplane.errors.users import EmailDomainRefused, InvitationRequired, RegistrationClosed
from backplane.services.audit import acts, trail
from backplane.services.identity.accounts import AccountFacts, add_personal
from backplane.services.identity.correspondence import Correspondence
from backplane.services.identity.notices import RESET_PAGE
from backplane.services.identity.one_time_tokens import VERIFY_ADDRESS
from backplane.services.identity.operator_codes import OperatorCodes
from backplane.services.identity.passwords import check_new_password, hash_password
from backplane.services.mail.outgoing import Recipient
from backplane.services.requests.caller import Caller
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.settings import Registration, Settings
from backplane.vault import LocalVault

VERIFY_PAGE, LOGIN_PAGE = "/verify-email", "/login"


@dataclass(frozen=True, slots=True)
class RegistrationPolicy:
    """Who may register."""

    mode: Registration
    domains: frozenset[str]
    verification: bool

    @classmethod
    def from_settings(cls, settings: Settings) -> "RegistrationPolicy":
        return cls(settings.registration_mode, frozenset(settings.registration_domains), settings.mail_verification)

    def require(self, email: str) -> None:
        """Refuse an address that may not register.

        Raises:
            RegistrationClosed, InvitationRequired, EmailDomainRefused: it may not.
        """
        if self.mode == "closed":
            raise RegistrationClosed("The operator makes the accounts")
        if self.mode == "invitation":
            raise InvitationRequired("Ask a member of an account for an invitation")
        if self.mode == "domains" and email.rpartition("@")[2] not in self.domains:
            raise EmailDomainRefused("Register with an address of your organization")


class Registrations:
    def __init__(
        self,
        database: Database,
        vault: LocalVault,
        passphrases: PassphrasePool,
        correspondence: Correspondence,
        *,
        operator_codes: OperatorCodes,
        policy: RegistrationPolicy,
        tier: str,
    ) -> None:
        self._database = database
        self._vault = vault
        self._passphrases = passphrases
        self._mails = correspondence.mails
        self._throttle = correspondence.throttle
        self._tokens = correspondence.tokens
        self._operator_codes = operator_codes
        self._tier = tier
        self.policy = policy

    async def register(
        self, caller: Caller, *, email: str, password: str, operator_code: str | None = None
    ) -> AccountFacts | None:
        """Register a user; None if the address has to be confirmed first. An operator code makes an operator at once.

        Raises:
            PasswordTooCommon: it is easy to guess.
            RegistrationClosed, InvitationRequired, EmailDomainRefused: this address may not register.
            OperatorCodeInvalid: the code is not the one of the last start, or it was used.
            EmailTaken: there is a user with this address; never with confirmation by mail.
        """
        email = email.lower()
        check_new_password(password, email)
        if operator_code is None:
            await self._permit(email)
        password_hash = await self._passphrases.run(lambda: hash_password(password))
        if self.policy.verification and operator_code is None:
            await self._request(caller, email, password_hash)
            return None
        async with self._database.transaction() as session:
            if operator_code is not None:
                await self._operator_codes.spend(session, operator_code)
            return await self.add(session, caller, email, password_hash, operator=operator_code is not None)

    async def _permit(self, email: str) -> None:
        if self.policy.mode == "invitation":
            async with self._database.reading() as session:
                if await invitations.is_invited(session, email):
                    return
        self.policy.require(email)

    async def verify(self, caller: Caller, token: str) -> AccountFacts:
        """Make the user whose address the token confirms.

        Raises:
            LinkUnknown, LinkUsed, LinkExpired: the token confirms nothing.
            EmailTaken: somebody else has confirmed the address meanwhile.
        """
        async with self._database.transaction() as session:
            content = (await self._tokens.spend(session, VERIFY_ADDRESS, token)).content
            return await self.add(session, caller, content["email"], content["password_hash"], verified=True)

    async def add(
        self,
        session: Session,
        caller: Caller,
        email: str,
        password_hash: str | None,
        *,
        operator: bool = False,
        verified: bool = False,
    ) -> AccountFacts:
        """Write a user with a personal account.

        Raises:
            EmailTaken: there is a user with this address.
        """
        await accounts.lock_registration(session)
        if await users.by_email(session, email) is not None:
            raise EmailTaken
        if await accounts.any_exists(session):
            self._vault.require()
        user = User(id=ids.new(), email=email, password_hash=password_hash, operator=operator)
        user.email_verified_at = datetime.now(UTC) if verified else None
        key = await asyncio.to_thread(self._vault.create_account_key, user.id)
        account = await add_personal(session, user, tier=self._tier, key=key)
        owner = replace(caller, account_id=user.id, user_id=user.id)
        trail.record(session, owner, "account.registered", user.id)
        if operator:
            acts.record(session, owner, "operator.made", user.id)
        return AccountFacts.of(user, account)

    async def _request(self, caller: Caller, email: str, password_hash: str) -> None:
        """Mail to the address: a link that confirms it, or to its owner that somebody tried to register with it."""
        if not self._vault.is_there:
            raise RegistrationClosed("The operator registers first, with the code that the start has printed")
        dropped = not await self._throttle.allows(email)
        content = {"email": email, "password_hash": password_hash}
        async with self._database.transaction() as session:
            owner = await users.by_email(session, email)
            token = await self._tokens.issue(session, VERIFY_ADDRESS, None, content)
            trail.record(session, caller, "account.registration_requested")
            if owner is None:
                link = self._mails.page(VERIFY_PAGE, token=token)
                await self._mails.send(session, Recipient(email), "verify-address", dropped=dropped, link=link)
                return
            recipient = Recipient(email, owner.id)
            log_in, reset = self._mails.page(LOGIN_PAGE), self._mails.page(RESET_PAGE)
            await self._mails.send(session, recipient, "address-taken", dropped=dropped, log_in=log_in, reset=reset)
