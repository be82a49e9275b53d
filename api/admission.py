"""Admission of requests: from a verified credential to the caller, with its rights in the account of the request."""

import time
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from fastapi import Header
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection

from api.rates import count_caller
from backplane import ids
from backplane.errors import (
    AccountClosed,
    AccountSuspended,
    InsufficientRole,
    InsufficientScope,
    NotFound,
    Unauthenticated,
)
from backplane.errors.users import ReauthenticationRequired
from backplane.services.identity.directory import Standing
from backplane.services.identity.permissions import permitted
from backplane.services.identity.principal import Principal
from backplane.services.requests.caller import Actor, Caller
from backplane.wiring.identity import IdentityServices

ACCOUNT_HEADER = "X-Account"
RECENT_SECONDS = 600
ChosenAccount = Annotated[
    str | None,
    Header(
        alias=ACCOUNT_HEADER,
        description="The account that the request is for: one that you are a member of. By default your personal one.",
        examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"],
    ),
]


async def admit(
    principal: Principal,
    needed: SecurityScopes,
    identity: IdentityServices,
    connection: HTTPConnection,
    *,
    account_id: UUID | None = None,
    closed: bool = False,
) -> Caller:
    """Return the caller of a verified credential, in an account; without one, in that of the credential.

    `closed` admits to a closed account, too.

    Raises:
        Unauthenticated: the credential has been revoked, or its user is suspended.
        NotFound: the user is no member of the account.
        AccountSuspended, AccountClosed: nothing is done for this account.
        RateLimited: it has sent too many requests.
        InsufficientScope: the credential lacks the permission that is needed.
        InsufficientRole: the user's role in the account lacks it.
    """
    account_id = account_id or principal.account_id
    connection.state.principal = principal  # before it is refused: api.misses reads it
    standing = await find_standing(principal, identity, account_id, closed=closed)
    allowed = principal.scopes if principal.user_id is None else principal.scopes & permitted(standing.role)
    caller = _admitted(connection, principal, account_id, standing, allowed)
    await count_caller(connection, caller)
    for scope in needed.scopes:
        demand(caller, principal, scope)
    return caller


def demand(caller: Caller, principal: Principal, scope: str) -> None:
    """Require one permission of a caller.

    Raises:
        InsufficientScope: the credential lacks it.
        InsufficientRole: the user's role in the account lacks it.
    """
    if scope not in principal.scopes:
        raise InsufficientScope(f"This needs the scope {scope}")
    if scope not in caller.scopes:
        raise InsufficientRole(f"This needs a role with {scope}; you are {caller.role} of this account")


async def admit_person(principal: Principal, identity: IdentityServices, connection: HTTPConnection) -> Caller:
    """Return the caller of a user's credential, in the personal account.

    The account may be closed: a user who is to be erased can still see that, and cancel it.

    Raises:
        Unauthenticated: the credential has been revoked, or its user is suspended.
        InsufficientScope: it is an API key.
        RateLimited: it has sent too many requests.
    """
    if principal.user_id is None:
        raise InsufficientScope("This is for users; an API key belongs to an account")
    connection.state.principal = principal
    standing = await find_standing(principal, identity, principal.account_id, closed=True)
    caller = _admitted(connection, principal, principal.account_id, standing, principal.scopes)
    await count_caller(connection, caller)
    return caller


async def find_standing(
    principal: Principal, identity: IdentityServices, account_id: UUID, *, closed: bool = False
) -> Standing:
    identity.revocations.require(principal)
    if principal.user_id is None and account_id != principal.account_id:
        raise NotFound("An API key works in its own account only")
    standing = await identity.directory.find(principal.user_id, account_id)
    if standing is None:
        # Without its own account, a credential is of a user who is gone, for example since a backup was restored.
        raise Unauthenticated if account_id == principal.account_id else NotFound("You are no member of this account")
    if standing.user_suspended_at is not None:
        raise Unauthenticated
    if standing.account_closed_at is not None and not closed:
        raise AccountClosed
    if standing.account_suspended_at is not None:
        raise AccountSuspended
    return standing


def chosen_account(connection: HTTPConnection, text: str | None) -> UUID | None:
    """Read the account that a request names; None if it names none."""
    if text is None:
        return None
    if len(connection.headers.getlist(ACCOUNT_HEADER)) != 1:
        raise NotFound("Name one account")
    return ids.from_wire("acc", text)


async def require_session(identity: IdentityServices, principal: Principal) -> None:
    """Require by the database that the login session has not ended; an API key has none."""
    if principal.session_id is not None:
        await identity.sessions.require(principal.session_id)


def require_recent(principal: Principal) -> None:
    """Require that the user of a browser has proved who they are within the last minutes.

    Raises:
        ReauthenticationRequired: it was longer ago.
    """
    if principal.browser and time.time() - (principal.auth_time or 0) > RECENT_SECONDS:
        raise ReauthenticationRequired


def principal_of(connection: HTTPConnection) -> Principal:
    """Return the credential of the request, for what depends on its expiry or its login session."""
    principal: Principal = connection.state.principal
    return principal


def _admitted(
    connection: HTTPConnection, principal: Principal, account_id: UUID, standing: Standing, allowed: frozenset[str]
) -> Caller:
    # A body that is read from here on is charged to this account (api.middleware.bodies).
    connection.state.account_id = account_id
    return replace(
        caller_at(connection, account_id),
        actor=Actor.USER if principal.user_id is not None else Actor.API_KEY,
        scopes=allowed,
        user_id=principal.user_id,
        api_key_id=principal.api_key_id,
        role=standing.role,
        tier=standing.tier,
        program=not principal.browser,
        rate_per_hour=principal.rate_per_hour,
    )


def caller_at(connection: HTTPConnection, account_id: UUID) -> Caller:
    address = connection.client.host if connection.client is not None else None
    return Caller(
        account_id,
        request_id=connection.state.request_id,
        address=address,
        user_agent=connection.headers.get("user-agent"),
    )
