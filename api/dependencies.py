"""What a route asks for: the services, and who is asking."""

from typing import Annotated

from fastapi import Depends, Security
from fastapi.security import OAuth2PasswordBearer, SecurityScopes
from fastapi.security.utils import get_authorization_scheme_param
from starlette.requests import HTTPConnection

from api.live.streams import OpenStreams
from api.serving.draining import Draining
from backplane.errors import InsufficientScope, Unauthenticated
from backplane.services.identity.tokens import Principal
from backplane.settings import Settings
from backplane.wiring import GatewayServices

SCOPES = {
    "jobs:read": "see jobs and fetch their results",
    "jobs:write": "encrypt and decrypt, cancel, retry and delete jobs",
    "keys:export": "fetch key files",
    "webhooks:read": "see webhook endpoints and what was sent to them",
    "webhooks:write": "make, change and delete webhook endpoints, replace their secrets, have messages sent",
}


class BearerToken(OAuth2PasswordBearer):
    """`Authorization: Bearer`, of requests and sockets alike; nothing else is looked at, no cookie and no query."""

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


def services_of(connection: HTTPConnection) -> GatewayServices:
    services: GatewayServices = connection.app.state.services
    return services


def settings_of(connection: HTTPConnection) -> Settings:
    settings: Settings = connection.app.state.settings
    return settings


def draining_of(connection: HTTPConnection) -> Draining:
    draining: Draining = connection.app.state.draining
    return draining


def streams_of(connection: HTTPConnection) -> OpenStreams:
    streams: OpenStreams = connection.app.state.streams
    return streams


def request_id_of(connection: HTTPConnection) -> str:
    request_id: str = connection.state.request_id
    return request_id


async def authenticate(
    needed: SecurityScopes,
    token: Annotated[str, Depends(bearer_token)],
    services: Annotated[GatewayServices, Depends(services_of)],
    connection: HTTPConnection,
) -> Principal:
    principal = services.tokens.verify(token)
    if not principal.scopes.issuperset(needed.scopes):
        raise InsufficientScope(f"This needs the scope {' '.join(needed.scopes)}")
    # A body that is read from here on is charged to this account (api.middleware.bodies).
    connection.state.account_id = principal.account_id
    return principal


async def authenticate_in_session(
    needed: SecurityScopes,
    token: Annotated[str, Depends(bearer_token)],
    services: Annotated[GatewayServices, Depends(services_of)],
    connection: HTTPConnection,
) -> Principal:
    """Authenticate for what must not outlive a session: exports of keys, deletions, changes of credentials.

    An access token alone is good until its time runs out, whatever became of its session.
    """
    principal = await authenticate(needed, token, services, connection)
    await services.sessions.demand(principal.session_id)
    return principal


Services = Annotated[GatewayServices, Depends(services_of)]
CurrentSettings = Annotated[Settings, Depends(settings_of)]
CurrentDraining = Annotated[Draining, Depends(draining_of)]
CurrentStreams = Annotated[OpenStreams, Depends(streams_of)]
RequestId = Annotated[str, Depends(request_id_of)]
Reader = Annotated[Principal, Security(authenticate, scopes=["jobs:read"])]
Writer = Annotated[Principal, Security(authenticate, scopes=["jobs:write"])]
Caller = Annotated[Principal, Security(authenticate)]
Remover = Annotated[Principal, Security(authenticate_in_session, scopes=["jobs:write"])]
KeyExporter = Annotated[Principal, Security(authenticate_in_session, scopes=["keys:export"])]
WebhookReader = Annotated[Principal, Security(authenticate, scopes=["webhooks:read"])]
WebhookWriter = Annotated[Principal, Security(authenticate_in_session, scopes=["webhooks:write"])]
