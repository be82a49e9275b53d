"""Requests for ids that the caller has not: an answer of 404 with a valid credential."""

from starlette.requests import HTTPConnection

from backplane.services.identity.principal import Principal
from backplane.services.requests.caller import Actor, Caller
from backplane.wiring.security import SecurityServices

ACCOUNT_HEADER = "x-account"


def note_miss(connection: HTTPConnection) -> None:
    """Count a wrong id of an authenticated caller. A socket or an anonymous request counts nothing."""
    principal: Principal | None = getattr(connection.state, "principal", None)
    if principal is None or connection.scope["type"] != "http":
        return
    security: SecurityServices = connection.app.state.services.security
    security.misses.note(_caller(connection, principal), _wanted(connection))


def _wanted(connection: HTTPConnection) -> str:
    return f"{connection.scope['path']} {connection.headers.get(ACCOUNT_HEADER, '')}"


def _caller(connection: HTTPConnection, principal: Principal) -> Caller:
    return Caller(
        # Where it was not admitted to another account, that of the credential.
        getattr(connection.state, "account_id", None) or principal.account_id,
        Actor.USER if principal.user_id is not None else Actor.API_KEY,
        user_id=principal.user_id,
        api_key_id=principal.api_key_id,
        request_id=connection.state.request_id,
        address=connection.client.host if connection.client is not None else None,
    )
