"""Dependencies of routes: the subjects, the caller, and the process's state."""

from collections.abc import Callable
from typing import Annotated, TypeVar, get_type_hints
from uuid import UUID

from fastapi import Depends, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from api.live.messages import Feeds
from api.live.streams import OpenStreams
from api.serving.draining import Draining
from backplane.errors import InsufficientScope, Unauthenticated
from backplane.services.identity.tokens import Principal
from backplane.services.keys.exports import Keys as KeyExports
from backplane.services.requests.caller import NO_ACCOUNT, Caller
from backplane.settings import Settings
from backplane.wiring.batches import BatchServices
from backplane.wiring.entropy import EntropyServices
from backplane.wiring.gateway import GatewayServices
from backplane.wiring.identity import IdentityServices
from backplane.wiring.jobs import JobServices
from backplane.wiring.pictures import PictureServices
from backplane.wiring.usage import UsageServices
from backplane.wiring.webhooks import WebhookServices

SCOPES = {
    "jobs:read": "see jobs and fetch their results",
    "jobs:write": "encrypt and decrypt, cancel, retry and delete jobs",
    "keys:export": "fetch key files",
    "webhooks:read": "see webhook endpoints and the messages sent to them",
    "webhooks:write": "make, change and delete webhook endpoints, replace their secrets, have messages sent",
}


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
Usage = Annotated[UsageServices, Depends(subject(UsageServices))]
Webhooks = Annotated[WebhookServices, Depends(subject(WebhookServices))]
Jobs = Annotated[JobServices, Depends(subject(JobServices))]
Pictures = Annotated[PictureServices, Depends(subject(PictureServices))]
Keys = Annotated[KeyExports, Depends(subject(KeyExports))]
Batches = Annotated[BatchServices, Depends(subject(BatchServices))]
Entropy = Annotated[EntropyServices, Depends(subject(EntropyServices))]


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
    return _caller(connection, NO_ACCOUNT)


async def authenticate(
    needed: SecurityScopes,
    token: Annotated[str, Depends(bearer_token)],
    identity: Identity,
    connection: HTTPConnection,
) -> Caller:
    """Verify the access token, which must have the scopes that the route needs."""
    return caller_of(identity.tokens.verify(token), needed, connection)


async def authenticate_in_session(
    needed: SecurityScopes,
    token: Annotated[str, Depends(bearer_token)],
    identity: Identity,
    connection: HTTPConnection,
) -> Caller:
    """Authenticate for actions that must not outlive a login session: key exports, deletions, changed credentials.

    An access token alone is valid until it expires, even where its login session has ended.
    """
    caller = await authenticate(needed, token, identity, connection)
    await identity.sessions.require(principal_of(connection).session_id)
    return caller


def caller_of(principal: Principal, needed: SecurityScopes, connection: HTTPConnection) -> Caller:
    """Return the caller that a verified credential belongs to.

    Raises:
        InsufficientScope: the credential lacks a scope that is needed.
    """
    if not principal.scopes.issuperset(needed.scopes):
        raise InsufficientScope(f"This needs the scope {' '.join(needed.scopes)}")
    connection.state.principal = principal
    # A body that is read from here on is charged to this account (api.middleware.bodies).
    connection.state.account_id = principal.account_id
    return _caller(connection, principal.account_id, principal.scopes)


def principal_of(connection: HTTPConnection) -> Principal:
    """Return the credential that `caller_of` has verified, for what depends on its expiry or its login session."""
    principal: Principal = connection.state.principal
    return principal


def _caller(connection: HTTPConnection, account_id: UUID, scopes: frozenset[str] = frozenset()) -> Caller:
    address = connection.client.host if connection.client is not None else None
    return Caller(account_id, scopes=scopes, request_id=connection.state.request_id, address=address)


CurrentSettings = Annotated[Settings, Depends(settings_of)]
CurrentDraining = Annotated[Draining, Depends(draining_of)]
CurrentFeeds = Annotated[Feeds, Depends(feeds_of)]
CurrentStreams = Annotated[OpenStreams, Depends(streams_of)]
Anyone = Annotated[Caller, Depends(anonymous)]
Reader = Annotated[Caller, Security(authenticate, scopes=["jobs:read"])]
Writer = Annotated[Caller, Security(authenticate, scopes=["jobs:write"])]
Member = Annotated[Caller, Security(authenticate)]
Remover = Annotated[Caller, Security(authenticate_in_session, scopes=["jobs:write"])]
KeyExporter = Annotated[Caller, Security(authenticate_in_session, scopes=["keys:export"])]
WebhookReader = Annotated[Caller, Security(authenticate, scopes=["webhooks:read"])]
WebhookWriter = Annotated[Caller, Security(authenticate_in_session, scopes=["webhooks:write"])]
