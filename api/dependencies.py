"""Dependencies of routes: the subjects, the caller, and the process's state."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, TypeVar, get_type_hints

from fastapi import Depends, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from api.admission import (
    ChosenAccount,
    admit,
    admit_person,
    caller_at,
    chosen_account,
    principal_of,
    require_recent,
    require_session,
)
from api.live.messages import Feeds
from api.live.streams import OpenStreams
from api.serving.draining import Draining
from backplane.errors import InsufficientScope, Unauthenticated
from backplane.services.identity.permissions import PERMISSIONS
from backplane.services.keys.exports import Keys as KeyExports
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from backplane.services.requests.response_keys import ResponseKeys
from backplane.settings import Settings
from backplane.wiring.batches import BatchServices
from backplane.wiring.entropy import EntropyServices
from backplane.wiring.gateway import GatewayServices
from backplane.wiring.identity import IdentityServices
from backplane.wiring.jobs import JobServices
from backplane.wiring.organizations import OrganizationServices
from backplane.wiring.pictures import PictureServices
from backplane.wiring.usage import UsageServices
from backplane.wiring.webhooks import WebhookServices

SCOPES = {name: permission.allows for name, permission in PERMISSIONS.items()}

Subject = TypeVar("Subject")
FIELDS = {type_: name for name, type_ in get_type_hints(GatewayServices).items()}


class BearerToken(OAuth2PasswordBearer):
    """`Authorization: Bearer`, of requests and sockets; cookies and the query are ignored."""

    async def __call__(self, connection: HTTPConnection) -> str:
        given = connection.headers.getlist("authorization")
        scheme, token = get_authorization_scheme_param(given[0] if len(given) == 1 else None)
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated
        return token


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
Usage = Annotated[UsageServices, Depends(subject(UsageServices))]
Webhooks = Annotated[WebhookServices, Depends(subject(WebhookServices))]
Jobs = Annotated[JobServices, Depends(subject(JobServices))]
Pictures = Annotated[PictureServices, Depends(subject(PictureServices))]
Keys = Annotated[KeyExports, Depends(subject(KeyExports))]
Batches = Annotated[BatchServices, Depends(subject(BatchServices))]
Entropy = Annotated[EntropyServices, Depends(subject(EntropyServices))]
SignatureKeys = Annotated[ResponseKeys, Depends(subject(ResponseKeys))]


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


def anonymous(connection: HTTPConnection) -> Caller:
    return caller_at(connection, NO_ACCOUNT)


async def authenticate(
    needed: SecurityScopes,
    token: Annotated[str, Depends(bearer_token)],
    identity: Identity,
    connection: HTTPConnection,
    account: ChosenAccount = None,
) -> Caller:
    """Verify the credential, and what its user may do in the account: the route needs one permission."""
    principal = identity.tokens.verify(token)
    return await admit(principal, needed, identity, connection, account_id=chosen_account(connection, account))


async def authenticate_in_session(
    needed: SecurityScopes,
    token: Annotated[str, Depends(bearer_token)],
    identity: Identity,
    connection: HTTPConnection,
    account: ChosenAccount = None,
) -> Caller:
    """Authenticate for actions that must not outlive a login session: key exports, deletions, changed credentials.

    It asks the database, where the end of a session is seen at once.
    """
    caller = await authenticate(needed, token, identity, connection, account)
    await require_session(identity, principal_of(connection))
    return caller


async def authenticate_person(
    token: Annotated[str, Depends(bearer_token)], identity: Identity, connection: HTTPConnection
) -> Caller:
    """Verify the credential of a user, for what belongs to the user and not to an account."""
    return await admit_person(identity.tokens.verify(token), identity, connection)


async def authenticate_leaving(
    token: Annotated[str, Depends(bearer_token)], identity: Identity, connection: HTTPConnection
) -> Caller:
    """Verify the token of a login session that may have ended: to end it again is no error."""
    principal = identity.tokens.verify(token)
    connection.state.principal = principal
    return replace(caller_at(connection, principal.account_id), user_id=principal.user_id)


async def authenticate_recent_person(
    token: Annotated[str, Depends(bearer_token)], identity: Identity, connection: HTTPConnection
) -> Caller:
    """Verify the credential of a user who, in a browser, has proved who they are within ten minutes."""
    caller = await admit_person(identity.tokens.verify(token), identity, connection)
    await require_session(identity, principal_of(connection))
    require_recent(principal_of(connection))
    return caller


async def authenticate_operator(
    token: Annotated[str, Depends(bearer_token)], identity: Identity, connection: HTTPConnection
) -> Caller:
    """Verify the credential of a user who is an operator of the installation."""
    principal = identity.tokens.verify(token)
    caller = await admit_person(principal, identity, connection)
    standing = await identity.directory.find(principal.user_id, principal.account_id)
    if standing is None or not standing.operator:
        raise InsufficientScope("This is for operators of the installation")
    return caller


CurrentSettings = Annotated[Settings, Depends(settings_of)]
CurrentDraining = Annotated[Draining, Depends(draining_of)]
CurrentFeeds = Annotated[Feeds, Depends(feeds_of)]
CurrentStreams = Annotated[OpenStreams, Depends(streams_of)]
Anyone = Annotated[Caller, Depends(anonymous)]
Reader = Annotated[Caller, Security(authenticate, scopes=["jobs:read"])]
Writer = Annotated[Caller, Security(authenticate, scopes=["jobs:write"])]
Remover = Annotated[Caller, Security(authenticate_in_session, scopes=["jobs:write"])]
ResultReader = Annotated[Caller, Security(authenticate, scopes=["results:read"])]
KeyExporter = Annotated[Caller, Security(authenticate_in_session, scopes=["keys:export"])]
WebhookReader = Annotated[Caller, Security(authenticate, scopes=["webhooks:read"])]
WebhookWriter = Annotated[Caller, Security(authenticate_in_session, scopes=["webhooks:write"])]
ApiKeyReader = Annotated[Caller, Security(authenticate, scopes=["api-keys:read"])]
ApiKeyWriter = Annotated[Caller, Security(authenticate_in_session, scopes=["api-keys:write"])]
UsageReader = Annotated[Caller, Security(authenticate, scopes=["usage:read"])]
AuditReader = Annotated[Caller, Security(authenticate, scopes=["audit:read"])]
AccountReader = Annotated[Caller, Security(authenticate, scopes=["account:read"])]
AccountWriter = Annotated[Caller, Security(authenticate_in_session, scopes=["account:write"])]
AccountOwner = Annotated[Caller, Security(authenticate_in_session, scopes=["account:own"])]
Person = Annotated[Caller, Security(authenticate_person)]
Leaving = Annotated[Caller, Security(authenticate_leaving)]
RecentPerson = Annotated[Caller, Security(authenticate_recent_person)]
Operator = Annotated[Caller, Security(authenticate_operator)]
