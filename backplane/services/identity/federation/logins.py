"""Log-ins by providers: the way to a provider, and what its answer leads to."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from backplane.errors import ApplicationError, NotFound
from backplane.errors.federation import ProviderAnswerInvalid, ProviderCannotConfirm, ProviderDenied
from backplane.services.identity.federation.authorizations import Authorizations, Pending, Purpose, Secrets
from backplane.services.identity.federation.client import ProviderClient
from backplane.services.identity.federation.external import ExternalIdentity
from backplane.services.identity.federation.identities import Identities, IdentityFacts
from backplane.services.identity.federation.providers import Provider
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.requests.caller import Caller, user_of

DENIALS: Final = {
    "access_denied": "You cancelled it there, or the provider does not allow it",
    "login_required": "The provider wants you to log in there first",
    "interaction_required": "The provider wants to ask you something first",
    "consent_required": "The provider wants your consent first",
    "account_selection_required": "The provider wants you to choose an account first",
    "server_error": "The provider has a failure of its own",
    "temporarily_unavailable": "The provider is overloaded",
    "unauthorized_client": "The provider does not know this service: tell its operator",
    "invalid_request": "The provider did not understand the request: tell the operator of this service",
    "invalid_scope": "The provider does not know the scopes: tell the operator of this service",
    "unsupported_response_type": "The provider has no authorization codes: tell the operator of this service",
}
"""RFC 6749, section 4.1.2.1, and OpenID Connect Core 1.0, section 3.1.2.6. No other text of an answer is shown."""

DemandSecondFactor = Callable[[UUID], Awaitable[None]]
"""Raises if the user has a second factor here."""


@dataclass(frozen=True, slots=True)
class Begun:
    authorization_url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider sent the browser back with."""

    state: str = field(repr=False)
    code: str | None = field(repr=False)
    error: str | None
    iss: str | None


@dataclass(frozen=True, slots=True)
class Finished:
    """What an answer has led to: for a login the user, for a link the identity."""

    purpose: Purpose
    return_to: str
    user_id: UUID
    session_id: UUID | None = None
    auth_time: int | None = None
    identity: IdentityFacts | None = None


class Federation:
    def __init__(
        self,
        clients: Mapping[str, ProviderClient],
        authorizations: Authorizations,
        identities: Identities,
        sessions: LoginSessions,
        *,
        public_url: str | None,
        demand_second_factor: DemandSecondFactor,
    ) -> None:
        self._clients = clients
        self._authorizations = authorizations
        self._identities = identities
        self._sessions = sessions
        self._public_url = public_url
        self._demand_second_factor = demand_second_factor

    @property
    def providers(self) -> Sequence[Provider]:
        return [client.provider for client in self._clients.values()]

    async def begin(
        self, caller: Caller, provider_id: str, purpose: Purpose, return_to: str, *, session_id: UUID | None = None
    ) -> Begun:
        """Begin a log-in; for a link or a confirmation, `caller` is the user of the login session `session_id`.

        Raises:
            NotFound: there is no such provider.
            ProviderCannotConfirm: it does not say when the user proved who they are.
            ProviderUnavailable, ProviderAnswerInvalid: its discovery document cannot be had.
            Unavailable: Redis does not answer.
        """
        client = self._client(provider_id)
        again = purpose is Purpose.CONFIRM
        if again and not client.provider.confirms:
            raise ProviderCannotConfirm
        cookie, derived = await self._authorizations.begin(
            provider_id, purpose, return_to, user_id=caller.user_id, session_id=session_id
        )
        url = await client.authorization_url(derived, redirect_uri=self._redirect_uri(provider_id), again=again)
        return Begun(url, cookie)

    async def finish(self, caller: Caller, provider_id: str, cookie: str | None, answer: Answer) -> Finished:
        """Use an answer: find or make the user, link the identity, or confirm the login session.

        Raises:
            NotFound: there is no such provider.
            AuthorizationInvalid: the answer does not belong to this browser, is too old, or was used.
            ProviderDenied: the provider did not log the user in.
            ProviderUnavailable, ProviderAnswerInvalid: the provider does not answer, or not as it must.
            Unauthenticated: the login session that asked has ended.
            Also the refusals of `Identities`.
        """
        client = self._client(provider_id)
        pending, derived = await self._authorizations.take(cookie, answer.state, provider=provider_id)
        if pending.user_id is not None:
            caller = replace(caller, account_id=pending.user_id, user_id=pending.user_id)
        try:
            external = await self._exchange(client, derived, pending, answer)
            return await self._use(caller, client.provider, pending, external)
        except ApplicationError as error:
            await self._identities.note_failure(caller, client.provider, error.code)
            raise

    async def unlink(self, caller: Caller, identity_id: UUID) -> None:
        """Unlink an identity of the user; see `Identities.unlink`."""
        issuers = {provider.issuer for provider in self.providers}
        await self._identities.unlink(caller, identity_id, usable_issuers=issuers)

    async def list(self, caller: Caller) -> Sequence[tuple[IdentityFacts, Provider | None]]:
        """List the identities of the user, each with its provider, which the operator may have removed."""
        known = {provider.issuer: provider for provider in self.providers}
        return [(one, known.get(one.issuer)) for one in await self._identities.list(caller)]

    async def _exchange(
        self, client: ProviderClient, derived: Secrets, pending: Pending, answer: Answer
    ) -> ExternalIdentity:
        if answer.error is not None:
            raise ProviderDenied(DENIALS.get(answer.error))
        if answer.code is None:
            raise ProviderAnswerInvalid("The provider sent neither a code nor an error")
        return await client.exchange(
            answer.code,
            derived,
            redirect_uri=self._redirect_uri(client.provider.id),
            iss=answer.iss,
            fresh_since=pending.begun_at if pending.purpose is Purpose.CONFIRM else None,
        )

    async def _use(self, caller: Caller, provider: Provider, pending: Pending, external: ExternalIdentity) -> Finished:
        if pending.purpose is Purpose.LOGIN:
            return await self._log_in(caller, provider, pending, external)
        assert pending.session_id is not None
        await self._sessions.require(pending.session_id)
        identity = None
        if pending.purpose is Purpose.LINK:
            identity = await self._identities.link(caller, provider, external)
        else:
            await self._identities.confirm(caller, provider, external)
        return Finished(
            pending.purpose, pending.return_to, user_of(caller), session_id=pending.session_id, identity=identity
        )

    async def _log_in(
        self, caller: Caller, provider: Provider, pending: Pending, external: ExternalIdentity
    ) -> Finished:
        user_id = await self._identities.log_in(caller, provider, external)
        if not external.second_factor:
            await self._demand_second_factor(user_id)
        return Finished(pending.purpose, pending.return_to, user_id, auth_time=external.auth_time)

    def _client(self, provider_id: str) -> ProviderClient:
        client = self._clients.get(provider_id)
        if client is None:
            raise NotFound("There is no such provider")
        return client

    def _redirect_uri(self, provider_id: str) -> str:
        return f"{self._public_url}/auth/callback/{provider_id}"
