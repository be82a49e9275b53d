"""Callers of the routes under `/accounts/{account_id}`: the path names the account, and `X-Account` does not matter."""

from typing import Annotated

from fastapi import Depends, Path, Security
from fastapi.security import SecurityScopes
from starlette.requests import HTTPConnection

from api.admission import admit, principal_of, require_recent, require_session
from api.dependencies import Identity, Verified
from backplane import ids
from backplane.errors import InsufficientScope
from backplane.services.requests.caller import Caller

AccountId = Annotated[
    str, Path(description="An account that you are a member of", examples=["acc_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])
]


async def authenticate_member(
    needed: SecurityScopes,
    account_id: AccountId,
    principal: Verified,
    identity: Identity,
    connection: HTTPConnection,
) -> Caller:
    """Verify the credential, and what it may do in the account of the path."""
    return await admit(principal, needed, identity, connection, account_id=ids.from_wire("acc", account_id))


async def authenticate_owner(
    needed: SecurityScopes,
    account_id: AccountId,
    principal: Verified,
    identity: Identity,
    connection: HTTPConnection,
) -> Caller:
    """Verify a user's credential for an account that may be closed: its owner sees that it will be erased."""
    chosen = ids.from_wire("acc", account_id)
    caller = await admit(principal, needed, identity, connection, account_id=chosen, closed=True)
    if caller.user_id is None:
        raise InsufficientScope("Only a user sees and cancels the erasure of an account; an API key cannot")
    await require_session(identity, principal)
    return caller


async def authenticate_recent_owner(
    principal: Verified, caller: Annotated[Caller, Depends(authenticate_owner)]
) -> Caller:
    """Authenticate, in an account that may be closed, a user who has just proved who they are."""
    require_recent(principal)
    return caller


async def authenticate_user(
    needed: SecurityScopes,
    account_id: AccountId,
    principal: Verified,
    identity: Identity,
    connection: HTTPConnection,
) -> Caller:
    """Authenticate for changes of members: by a user whose login session has not ended, and never by an API key.

    A key has no role that its invitations could be held to.
    """
    caller = await authenticate_member(needed, account_id, principal, identity, connection)
    if caller.user_id is None:
        raise InsufficientScope("Only a user changes the members of an account; an API key cannot")
    await require_session(identity, principal_of(connection))
    return caller


async def authenticate_recent_user(
    needed: SecurityScopes,
    account_id: AccountId,
    principal: Verified,
    identity: Identity,
    connection: HTTPConnection,
) -> Caller:
    """Authenticate for what cannot be taken back: by a user who, in a browser, has just proved who they are."""
    caller = await authenticate_user(needed, account_id, principal, identity, connection)
    require_recent(principal_of(connection))
    return caller


MemberReader = Annotated[Caller, Security(authenticate_member, scopes=["account:read"])]
Leaver = Annotated[Caller, Security(authenticate_user, scopes=["account:read"])]
MemberWriter = Annotated[Caller, Security(authenticate_user, scopes=["account:write"])]
OwnerOfClosed = Annotated[Caller, Security(authenticate_owner, scopes=["account:own"])]
RecentOwnerOfClosed = Annotated[Caller, Security(authenticate_recent_owner, scopes=["account:own"])]
OwnerHere = Annotated[Caller, Security(authenticate_recent_user, scopes=["account:own"])]
