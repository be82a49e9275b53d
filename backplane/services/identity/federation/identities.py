"""Identities of users at providers: log-in and registration by them, linking, confirmation, and their list."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from backplane import ids
from backplane.db.models import User, UserIdentity
from backplane.db.repositories import accounts, identities, passkeys, users
from backplane.db.session import Database, Session
from backplane.errors import AccountSuspended, NotFound, Unauthenticated
from backplane.errors.federation import (
    AccountLinkRequired,
    IdentityTaken,
    LastLoginMethod,
    ProviderAnswerInvalid,
    ProviderDomainRefused,
    ProviderEmailUnverified,
    ProviderRegistrationClosed,
)
from backplane.services.audit import trail
from backplane.services.identity.devices import named
from backplane.services.identity.federation.external import ExternalIdentity
from backplane.services.identity.federation.providers import Provider
from backplane.services.identity.notices import Notices
from backplane.services.identity.principal import FEDERATED
from backplane.services.identity.registrations import Registrations
from backplane.services.requests.caller import Caller, user_of


@dataclass(frozen=True, slots=True)
class IdentityFacts:
    id: UUID
    issuer: str
    email: str | None
    created_at: datetime
    last_used_at: datetime

    @classmethod
    def of(cls, identity: UserIdentity) -> "IdentityFacts":
        return cls(identity.id, identity.issuer, identity.email_at_link, identity.created_at, identity.last_used_at)


class Identities:
    def __init__(self, database: Database, registrations: Registrations, notices: Notices) -> None:
        self._database = database
        self._registrations = registrations
        self._notices = notices

    async def list(self, caller: Caller) -> Sequence[IdentityFacts]:
        """List the identities of the user, the first linked first."""
        async with self._database.reading() as session:
            return [IdentityFacts.of(one) for one in await identities.of_user(session, user_of(caller))]

    async def log_in(self, caller: Caller, provider: Provider, external: ExternalIdentity) -> UUID:
        """Find the user of an identity, or register one; return the user's id.

        Raises:
            ProviderDomainRefused: the operator does not admit the mail domain.
            AccountSuspended: the user is suspended.
            AccountLinkRequired: the identity is unknown, and its address has an account.
            ProviderRegistrationClosed, ProviderEmailUnverified: it is unknown, and cannot register.
            RegistrationClosed, InvitationRequired, EmailDomainRefused: nor may its address.
        """
        _demand_domain(provider, external)
        async with self._database.transaction() as session:
            user = await self._known(session, external)
            if user is None:
                user = await self._register(session, caller, provider, external)
            owner = replace(caller, account_id=user.id, user_id=user.id)
            suspended = user.suspended_at is not None
            outcome = trail.FAILURE if suspended else trail.SUCCESS
            device = named(caller.user_agent)
            details = _details(provider)
            trail.record(session, owner, "account.login", outcome=outcome, details=details, person=device)
        if suspended:
            raise AccountSuspended
        return user.id

    async def link(self, caller: Caller, provider: Provider, external: ExternalIdentity) -> IdentityFacts:
        """Link an identity to the user; to link it again changes nothing.

        Raises:
            ProviderDomainRefused: the operator does not admit the mail domain.
            IdentityTaken: it is linked to another user.
        """
        _demand_domain(provider, external)
        async with self._database.transaction() as session:
            await self._demand_active(session, user_of(caller))
            if await self._add(session, user_of(caller), external):
                trail.record(session, caller, "identity.linked", details=_details(provider))
                await self._notices.identity_linked(session, user_of(caller), provider.name)
            found = await identities.find(session, external.issuer, external.subject)
            if found is None or found.user_id != caller.user_id:
                raise IdentityTaken
            return IdentityFacts.of(found)

    async def confirm(self, caller: Caller, provider: Provider, external: ExternalIdentity) -> None:
        """Require that an identity is one of the user, who has just proved it.

        Raises:
            ProviderAnswerInvalid: it is none of the user.
        """
        _demand_domain(provider, external)
        async with self._database.transaction() as session:
            await self._demand_active(session, user_of(caller))
            found = await identities.find(session, external.issuer, external.subject)
            same = found is not None and found.user_id == caller.user_id
            if found is not None and same:
                await identities.note_use(session, found.id)
            outcome = trail.SUCCESS if same else trail.FAILURE
            trail.record(session, caller, "account.confirmed", outcome=outcome, details=_details(provider))
        if not same:
            raise ProviderAnswerInvalid("You logged in to the provider as somebody who is not linked to this account")

    async def unlink(self, caller: Caller, identity_id: UUID, *, usable_issuers: Collection[str]) -> None:
        """Unlink an identity of the user.

        Raises:
            NotFound: the user has no such identity.
            LastLoginMethod: nothing else would log the user in.
        """
        async with self._database.transaction() as session:
            user = await users.lock(session, user_of(caller))
            linked = await identities.of_user(session, user_of(caller))
            leaving = next((one for one in linked if one.id == identity_id), None)
            if user is None or leaving is None:
                raise NotFound
            others = any(one.issuer in usable_issuers for one in linked if one is not leaving)
            if not others and not await has_other_method(session, user):
                raise LastLoginMethod
            await identities.remove(session, leaving)
            trail.record(session, caller, "identity.unlinked", identity_id)
            await self._notices.identity_unlinked(session, user.id, leaving.issuer)

    async def note_failure(self, caller: Caller, provider: Provider, reason: str) -> None:
        """Record an answer of a provider that logged nobody in."""
        async with self._database.transaction() as session:
            details = _details(provider) | {"reason": reason}
            trail.record(session, caller, "account.login", outcome=trail.FAILURE, details=details)

    async def _known(self, session: Session, external: ExternalIdentity) -> User | None:
        found = await identities.find(session, external.issuer, external.subject)
        if found is None:
            return None
        await identities.note_use(session, found.id)
        return await users.by_id(session, found.user_id)

    async def _register(self, session: Session, caller: Caller, provider: Provider, external: ExternalIdentity) -> User:
        """Make a user with a personal account, who logs in by this identity alone."""
        if external.email is None or not external.email_verified:
            # Before the address is looked up: only its owner may learn whether it has an account here.
            raise ProviderEmailUnverified
        await accounts.lock_registration(session)
        known = await self._known(session, external)  # another tab may have been faster
        if known is not None:
            return known
        if await users.by_email(session, external.email) is not None:
            raise AccountLinkRequired
        await demand_registration(session, provider)
        self._registrations.policy.require(external.email)
        facts = await self._registrations.add(session, caller, external.email, None, verified=True)
        await self._add(session, facts.id, external)
        user = await users.by_id(session, facts.id)
        assert user is not None
        return user

    async def _add(self, session: Session, user_id: UUID, external: ExternalIdentity) -> bool:
        return await identities.add(
            session,
            ids.new(),
            user_id=user_id,
            issuer=external.issuer,
            subject=external.subject,
            email=external.email,
        )

    async def _demand_active(self, session: Session, user_id: UUID) -> None:
        """Lock the user, who must still be one: the provider's answer took a while."""
        user = await users.lock(session, user_id)
        if user is None or user.suspended_at is not None:
            raise Unauthenticated


async def demand_registration(session: Session, provider: Provider) -> None:
    """Require that a new user may register by a provider.

    The first user of an installation is its operator: that is not the first one who comes from a provider.

    Raises:
        ProviderRegistrationClosed: nobody may.
    """
    if not provider.registration:
        raise ProviderRegistrationClosed("The operator makes the accounts: ask for one, then link it in the settings")
    if not await accounts.any_exists(session):
        raise ProviderRegistrationClosed("The installation has no operator yet: make the first account by password")


async def has_other_method(session: Session, user: User) -> bool:
    """Return whether the user can log in without an identity."""
    return user.password_hash is not None or await passkeys.count(session, user.id) > 0


def _demand_domain(provider: Provider, external: ExternalIdentity) -> None:
    if not provider.allowed_domains:
        return
    if external.email is None or not external.email_verified:
        raise ProviderEmailUnverified
    if not provider.admits(external.email):
        raise ProviderDomainRefused


def _details(provider: Provider) -> dict[str, str]:
    return {"method": FEDERATED, "provider": provider.id}
