"""Dependencies of routes: the subjects, the caller, and the process's state."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, TypeVar, get_type_hints

from fastapi import Depends, Security
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer, SecurityScopes
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from api.admission import (
    ChosenAccount,
    admit,
    admit_person,
    caller_at,
    chosen_account,
    require_recent,
    require_session,
)
from api.live.messages import Feeds
from api.live.streams import OpenStreams
from api.rates import count_anonymous
from api.serving.draining import Draining
from backplane.errors import InsufficientScope, Unauthenticated
from backplane.services.identity.api_key_format import PREFIX
from backplane.services.identity.permissions import PERMISSIONS
from backplane.services.identity.principal import Principal
from backplane.services.keys.exports import Keys as KeyExports
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from backplane.services.requests.response_keys import ResponseKeys
from backplane.settings import Settings
from backplane.wiring.administration import AdministrationServices
from backplane.wiring.audit import AuditServices
from backplane.wiring.batches import BatchServices
from backplane.wiring.entropy import EntropyServices
from backplane.wiring.erasure import ErasureServices
from backplane.wiring.exports import ExportServices
from backplane.wiring.gateway import GatewayServices
from backplane.wiring.identity import IdentityServices
from backplane.wiring.jobs import JobServices
from backplane.wiring.mail import MailServices
from backplane.wiring.organizations import OrganizationServices
from backplane.wiring.pictures import PictureServices
from backplane.wiring.security import SecurityServices
from backplane.wiring.usage import UsageServices
from backplane.wiring.webhooks import WebhookServices

SCOPES = {name: permission.allows for name, permission in PERMISSIONS.items()}

Subject = TypeVar("Subject")
FIELDS = {type_: name for name, type_ in get_type_hints(GatewayServices).items()}


class BearerToken(OAuth2PasswordBearer):
    """`Authorization: Bearer`, of requests and sockets; cookies and the query are ignored."""

    async def __call__(self, connection: HTTPConnection) -> str | None:
        """Return the token; None without the header."""
        given = connection.headers.getlist("authorization")
        if not given:
            return None
        scheme, token = get_authorization_scheme_param(given[0] if len(given) == 1 else None)
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        return token


class ApiKeyHeader(APIKeyHeader):
    """`X-API-Key`, of requests and sockets."""

    async def __call__(self, connection: HTTPConnection) -> str | None:
        """Return the key; None without the header."""
        given = connection.headers.getlist(self.model.name)
        if len(given) > 1:
            raise Unauthenticated
        return given[0] if given else None


api_key_header = ApiKeyHeader(
    name="X-API-Key",
    scheme_name="api_key",
    description="An API key, `qis_…`, of `POST /api/v1/auth/keys`. It is also good as a bearer token.",
)
bearer_token = BearerToken(
    tokenUrl="/api/v1/auth/token",
    refreshUrl="/api/v1/auth/token",
    scopes=SCOPES,
    scheme_name="account",
    description="An access token of `POST /api/v1/auth/token`, good for 15 minutes.",
)


def subject(wanted: type[Subject]) -> Callable[[HTTPConnection], Subject]:
    """Return the dependency that finds a subject of the gateway by its type."""
    name = FIELDS[wanted]

    def find(connection: HTTPConnection) -> Subject:
        found: Subject = getattr(connection.app.state.services, name)
        return found

    return find


Identity = Annotated[IdentityServices, Depends(subject(IdentityServices))]
Organizations = Annotated[OrganizationServices, Depends(subject(OrganizationServices))]
Erasure = Annotated[ErasureServices, Depends(subject(ErasureServices))]
Exports = Annotated[ExportServices, Depends(subject(ExportServices))]
Usage = Annotated[UsageServices, Depends(subject(UsageServices))]
Webhooks = Annotated[WebhookServices, Depends(subject(WebhookServices))]
Jobs = Annotated[JobServices, Depends(subject(JobServices))]
Pictures = Annotated[PictureServices, Depends(subject(PictureServices))]
Keys = Annotated[KeyExports, Depends(subject(KeyExports))]
Batches = Annotated[BatchServices, Depends(subject(BatchServices))]
Mail = Annotated[MailServices, Depends(subject(MailServices))]
Administration = Annotated[AdministrationServices, Depends(subject(AdministrationServices))]
Entropy = Annotated[EntropyServices, Depends(subject(EntropyServices))]
SignatureKeys = Annotated[ResponseKeys, Depends(subject(ResponseKeys))]
Audit = Annotated[AuditServices, Depends(subject(AuditServices))]
SecurityRules = Annotated[SecurityServices, Depends(subject(SecurityServices))]


def settings_of(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


def draining_of(connection: HTTPConnection) -> Draining:
    draining: Draining = connection.app.state.draining
    return draining


def streams_of(connection: HTTPConnection) -> OpenStreams:
    streams: OpenStreams = connection.app.state.streams
    return streams


def feeds_of(jobs: Jobs, batches: Batches) -> Feeds:
    return Feeds(jobs.progress, batches.progress)


async def anonymous(connection: HTTPConnection) -> Caller:
    await count_anonymous(connection)
    return caller_at(connection, NO_ACCOUNT)


async def verify_credential(
    token: Annotated[str | None, Depends(bearer_token)],
    api_key: Annotated[str | None, Depends(api_key_header)],
    identity: Identity,
    connection: HTTPConnection,
) -> Principal:
    """Verify the one credential of a request: an access token or an API key.

    Raises:
        Unauthenticated: there is none, or two, or it is not valid.
    """
    if (token is None) == (api_key is None):
        raise Unauthenticated
    if token is not None and not token.startswith(PREFIX):
        return identity.tokens.verify(token)
    address = connection.client.host if connection.client is not None else None
    return await identity.api_key_verifier.verify(token or api_key or "", address=address)


async def verify_user(
    token: Annotated[str | None, Depends(bearer_token)], identity: Identity, connection: HTTPConnection
) -> Principal:
    """Verify the credential of a route for users; an API key is verified too, and refused with the reason."""
    return await verify_credential(token, await api_key_header(connection), identity, connection)


Verified = Annotated[Principal, Depends(verify_credential)]
User = Annotated[Principal, Depends(verify_user)]


async def authenticate(
    needed: SecurityScopes,
    principal: Verified,
    identity: Identity,
    connection: HTTPConnection,
    account: ChosenAccount = None,
) -> Caller:
    """Find what the holder of the credential may do in the account: the route needs one permission."""
    return await admit(principal, needed, identity, connection, account_id=chosen_account(connection, account))


async def authenticate_in_session(
    needed: SecurityScopes,
    principal: Verified,
    identity: Identity,
    connection: HTTPConnection,
    account: ChosenAccount = None,
) -> Caller:
    """Authenticate for actions that must not outlive a login session: key exports, deletions, changed credentials.

    It asks the database, where the end of a session is seen at once.
    """
    caller = await authenticate(needed, principal, identity, connection, account)
    await require_session(identity, principal)
    return caller


async def authenticate_recently(
    principal: Verified, caller: Annotated[Caller, Depends(authenticate_in_session)]
) -> Caller:
    """Authenticate for what a stolen login session must not do: its user has confirmed it within ten minutes."""
    require_recent(principal)
    return caller


async def authenticate_person(principal: User, identity: Identity, connection: HTTPConnection) -> Caller:
    """Require the credential of a user, for what belongs to the user and not to an account."""
    return await admit_person(principal, identity, connection)


async def authenticate_leaving(principal: User, connection: HTTPConnection) -> Caller:
    """Require the token of a login session that may have ended: to end it again is no error."""
    if principal.session_id is None:
        raise InsufficientScope("An API key has no session; revoke it")
    connection.state.principal = principal
    return replace(caller_at(connection, principal.account_id), user_id=principal.user_id)


async def authenticate_person_if_given(identity: Identity, connection: HTTPConnection) -> Caller:
    """Verify the credential of a user where there is one; a visitor may also come without."""
    if "authorization" not in connection.headers:
        return await anonymous(connection)
    principal = await verify_user(await bearer_token(connection), identity, connection)
    return await authenticate_person(principal, identity, connection)


async def authenticate_person_in_session(
    principal: User, caller: Annotated[Caller, Depends(authenticate_person)], identity: Identity
) -> Caller:
    """Require the credential of a user, and by the database that its login session has not ended."""
    await require_session(identity, principal)
    return caller


async def authenticate_recent_person(
    principal: User, caller: Annotated[Caller, Depends(authenticate_person_in_session)]
) -> Caller:
    """Require the credential of a user who, in a browser, has proved who they are within ten minutes."""
    require_recent(principal)
    return caller


async def authenticate_operator(principal: User, identity: Identity, connection: HTTPConnection) -> Caller:
    """Require the credential of a user who is an operator of the installation."""
    caller = await admit_person(principal, identity, connection)
    standing = await identity.directory.find(principal.user_id, principal.account_id)
    if standing is None or not standing.operator:
        raise InsufficientScope("This is for operators of the installation")
    return caller


async def authenticate_recent_operator(
    principal: User, caller: Annotated[Caller, Depends(authenticate_operator)], identity: Identity
) -> Caller:
    """Require an operator for what a stolen login session must not do: it goes on, and was confirmed recently."""
    await require_session(identity, principal)
    require_recent(principal)
    return caller


async def authenticate_api_key(principal: Verified, identity: Identity, connection: HTTPConnection) -> Caller:
    """Require an API key, for what it may see of itself."""
    if principal.api_key_id is None:
        raise InsufficientScope("This is for API keys; a user is at /api/v1/me")
    return await admit(principal, SecurityScopes([]), identity, connection)


CurrentSettings = Annotated[Settings, Depends(settings_of)]
CurrentFeeds = Annotated[Feeds, Depends(feeds_of)]
CurrentStreams = Annotated[OpenStreams, Depends(streams_of)]
Anyone = Annotated[Caller, Depends(anonymous)]
Reader = Annotated[Caller, Security(authenticate, scopes=["jobs:read"])]
Writer = Annotated[Caller, Security(authenticate, scopes=["jobs:write"])]
Canceler = Annotated[Caller, Security(authenticate_in_session, scopes=["jobs:write"])]
Remover = Annotated[Caller, Security(authenticate_recently, scopes=["jobs:write"])]
ResultReader = Annotated[Caller, Security(authenticate, scopes=["results:read"])]
MaterialReader = Annotated[Caller, Security(authenticate_recently, scopes=["results:read"])]
KeyExporter = Annotated[Caller, Security(authenticate_recently, scopes=["keys:export"])]
WebhookReader = Annotated[Caller, Security(authenticate, scopes=["webhooks:read"])]
WebhookWriter = Annotated[Caller, Security(authenticate_in_session, scopes=["webhooks:write"])]
ApiKeyReader = Annotated[Caller, Security(authenticate, scopes=["api-keys:read"])]
ApiKeyHolder = Annotated[Caller, Security(authenticate_api_key)]
ApiKeyWriter = Annotated[Caller, Security(authenticate_recently, scopes=["api-keys:write"])]
UsageReader = Annotated[Caller, Security(authenticate, scopes=["usage:read"])]
AuditReader = Annotated[Caller, Security(authenticate, scopes=["audit:read"])]
SecurityReviewer = Annotated[Caller, Security(authenticate_in_session, scopes=["audit:read"])]
AccountOwner = Annotated[Caller, Security(authenticate_recently, scopes=["account:own"])]
Person = Annotated[Caller, Security(authenticate_person)]
Leaving = Annotated[Caller, Security(authenticate_leaving)]
AnyoneOrPerson = Annotated[Caller, Depends(authenticate_person_if_given)]
PersonInSession = Annotated[Caller, Security(authenticate_person_in_session)]
RecentPerson = Annotated[Caller, Security(authenticate_recent_person)]
Operator = Annotated[Caller, Security(authenticate_operator)]
RecentOperator = Annotated[Caller, Security(authenticate_recent_operator)]
