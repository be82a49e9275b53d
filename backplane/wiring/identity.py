"""Wiring of accounts, tokens and login sessions."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Self

from backplane.addresses import Guard
from backplane.errors.limits import TooManyApiKeys
from backplane.services.identity.access_tokens import AccessTokens
from backplane.services.identity.accounts import Accounts
from backplane.services.identity.address_changes import AddressChanges
from backplane.services.identity.api_key_format import Kind
from backplane.services.identity.api_key_peppers import ApiKeyPeppers
from backplane.services.identity.api_key_uses import ApiKeyUses
from backplane.services.identity.api_key_verification import ApiKeyVerifier
from backplane.services.identity.api_keys import ApiKeys
from backplane.services.identity.authenticator_apps import AuthenticatorApps
from backplane.services.identity.browser_sessions import BrowserSessions
from backplane.services.identity.ceremonies import RelyingParty
from backplane.services.identity.challenges import Challenges
from backplane.services.identity.confirmations import Confirmations
from backplane.services.identity.correspondence import Correspondence
from backplane.services.identity.directory import Directory
from backplane.services.identity.factor_changes import FactorChanges
from backplane.services.identity.factors import Factors
from backplane.services.identity.federation.authorizations import Authorizations
from backplane.services.identity.federation.client import ProviderClient
from backplane.services.identity.federation.fetches import Fetcher
from backplane.services.identity.federation.github import GitHubClient
from backplane.services.identity.federation.identities import Identities
from backplane.services.identity.federation.logins import Federation
from backplane.services.identity.federation.openid import OpenIdClient
from backplane.services.identity.federation.providers import Provider, providers_of
from backplane.services.identity.lockout import Lockout
from backplane.services.identity.log_ins import LogIns
from backplane.services.identity.login_sessions import LoginSessions
from backplane.services.identity.notices import Notices
from backplane.services.identity.operator_codes import OperatorCodes
from backplane.services.identity.operators import Operators
from backplane.services.identity.passkeys import Passkeys
from backplane.services.identity.password_changes import PasswordChanges
from backplane.services.identity.principal import FEDERATED
from backplane.services.identity.proof_of_work import ProofOfWork
from backplane.services.identity.registrations import RegistrationPolicy, Registrations
from backplane.services.identity.revocations import Revocations
from backplane.services.identity.signing_keys import SigningKeys
from backplane.services.identity.tickets import Tickets
from backplane.services.identity.tokens import Tokens
from backplane.services.identity.tries import Tries
from backplane.services.mail.outgoing import Mails
from backplane.services.requests.caller import Caller
from backplane.services.sealing.passphrases import PassphrasePool
from backplane.services.usage.tiers import Tiers
from backplane.wiring.resources import Resources


@dataclass(frozen=True, slots=True)
class IdentityServices:
    signing_keys: SigningKeys
    accounts: Accounts
    factors: Factors
    log_ins: LogIns
    confirmations: Confirmations
    directory: Directory
    revocations: Revocations
    tokens: Tokens
    sessions: LoginSessions
    browsers: BrowserSessions
    tickets: Tickets
    api_keys: ApiKeys
    api_key_verifier: ApiKeyVerifier
    registrations: Registrations
    passwords: PasswordChanges
    addresses: AddressChanges
    operators: Operators
    operator_codes: OperatorCodes
    proof_of_work: ProofOfWork
    federation: Federation

    @classmethod
    def wire(cls, resources: Resources, passphrases: PassphrasePool, mails: Mails) -> Self:
        database, vault, bus, settings = resources.database, resources.vault, resources.bus, resources.settings
        revocations = Revocations(resources.database, resources.bus)
        correspondence = Correspondence.by(mails, vault, bus)
        sessions = LoginSessions(resources.database, revocations, correspondence.notices)
        keys = SigningKeys.from_settings(resources.settings, resources.vault)
        access = AccessTokens(keys, seconds=resources.settings.access_token_seconds)
        peppers = ApiKeyPeppers(resources.vault)
        kind: Kind = "test" if resources.settings.environment == "test" else "live"
        tiers = Tiers.from_settings(resources.settings)
        refresh_seconds = resources.settings.refresh_token_seconds
        lockout = Lockout(bus)
        operator_codes, policy = OperatorCodes(database, vault), RegistrationPolicy.from_settings(settings)
        registrations = Registrations(
            database,
            vault,
            passphrases,
            correspondence,
            operator_codes=operator_codes,
            policy=policy,
            tier=tiers.default,
        )
        accounts = Accounts(database, passphrases, lockout, correspondence.notices)
        browsers = BrowserSessions(resources.database, access, sessions, refresh_seconds=refresh_seconds)
        factors = _wire_factors(resources, correspondence.notices)
        log_ins = LogIns(database, bus, accounts, factors)
        return cls(
            signing_keys=keys,
            accounts=accounts,
            factors=factors,
            log_ins=log_ins,
            confirmations=Confirmations(database, browsers, Tries(bus), accounts=accounts, factors=factors),
            directory=Directory(resources.database, revocations),
            revocations=revocations,
            tokens=Tokens(resources.database, access, sessions, refresh_seconds=refresh_seconds),
            sessions=sessions,
            browsers=browsers,
            tickets=Tickets(resources.bus),
            api_keys=ApiKeys(
                database,
                peppers,
                revocations,
                kind=kind,
                notices=correspondence.notices,
                demand_room=partial(_demand_room_for_key, tiers),
            ),
            api_key_verifier=ApiKeyVerifier(resources.database, peppers, revocations, ApiKeyUses(resources.database)),
            registrations=registrations,
            passwords=PasswordChanges(
                database, passphrases, correspondence, lockout=lockout, sessions=sessions, factors=factors
            ),
            addresses=AddressChanges(database, correspondence),
            operators=Operators(database, passphrases, registrations),
            operator_codes=operator_codes,
            proof_of_work=ProofOfWork(bus, vault, required=settings.proof_of_work),
            federation=_wire_federation(
                resources, sessions, Identities(database, registrations, correspondence.notices), log_ins
            ),
        )

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Hear of revocations and of new signing keys while the block runs."""
        with self.directory.watched():
            async with self.revocations.watched(), self.signing_keys.watched(), self.api_key_verifier.watched():
                yield


def _demand_room_for_key(tiers: Tiers, caller: Caller, used: int) -> None:
    tiers.of(caller.tier).require_room("api_keys", used, TooManyApiKeys)


def _wire_federation(
    resources: Resources, sessions: LoginSessions, identities: Identities, log_ins: LogIns
) -> Federation:
    providers = providers_of(resources.settings)
    return Federation(
        {provider_id: _client_of(provider) for provider_id, provider in providers.items()},
        Authorizations(resources.bus),
        identities,
        sessions,
        public_url=resources.settings.public_url,
        demand_second_factor=partial(log_ins.demand_second_factor, first=FEDERATED),
    )


def _client_of(provider: Provider) -> ProviderClient:
    fetcher = Fetcher(Guard(provider.networks))
    return OpenIdClient(provider, fetcher) if provider.kind == "oidc" else GitHubClient(provider, fetcher)


def _wire_factors(resources: Resources, notices: Notices) -> Factors:
    database, vault, attempts = resources.database, resources.vault, Tries(resources.bus)
    party = RelyingParty.from_settings(resources.settings)
    changes = FactorChanges(vault, notices)
    return Factors(
        database,
        vault,
        attempts,
        apps=AuthenticatorApps(database, vault, attempts, changes, service=_name(party)),
        keys=Passkeys(database, Challenges(resources.bus), changes, party),
    )


def _name(party: RelyingParty | None) -> str:
    """Name this installation, as authenticator apps list it."""
    return "ImageShield" if party is None else f"ImageShield ({party.id})"
