"""Routes of operators: accounts and users of the installation."""

from typing import Annotated

from fastapi import Query, Security

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Administration, Operator, RecentOperator, authenticate_operator
from api.requests.cursors import read_cursor
from api.routing import Router
from api.schemas.accounts import Member, MemberPage
from api.schemas.administration import (
    AccountFilter,
    ManagedAccount,
    ManagedAccountChange,
    ManagedAccountPage,
    ManagedUser,
    ManagedUserChange,
    ManagedUserPage,
    UserFilter,
)
from backplane import ids
from backplane.services.administration import accounts, users

router = Router(prefix="/api/v1/admin", tags=["admin"])
FOR_OPERATORS = Security(authenticate_operator)
CHANGING = (*AUTHENTICATED, "reauthentication-required")


@router.get("/accounts", dependencies=[FOR_OPERATORS], responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_managed_accounts(
    administration: Administration, wanted: Annotated[AccountFilter, Query()]
) -> ManagedAccountPage:
    """List the accounts of the installation, newest first. For operators."""
    found, has_more = await administration.accounts.page(
        limit=wanted.limit,
        before=read_cursor("acc", wanted.cursor),
        words=wanted.q,
        tier=wanted.tier,
        state=wanted.state,
    )
    data = [ManagedAccount.of(row) for row in found]
    return ManagedAccountPage(data=data, has_more=has_more, next_cursor=data[-1].account_id if has_more else None)


@router.get("/accounts/{account_id}", dependencies=[FOR_OPERATORS], responses=problems(*AUTHENTICATED, "not-found"))
async def get_managed_account(account_id: str, administration: Administration) -> ManagedAccount:
    """Get an account. For operators."""
    return ManagedAccount.of(await administration.accounts.get(ids.from_wire("acc", account_id)))


@router.get(
    "/accounts/{account_id}/members", dependencies=[FOR_OPERATORS], responses=problems(*AUTHENTICATED, "not-found")
)
async def list_managed_members(account_id: str, administration: Administration) -> MemberPage:
    """List the members of an account with their roles: at most 500, on one page. For operators."""
    found = await administration.accounts.members(ids.from_wire("acc", account_id))
    return MemberPage(data=[Member.of(facts) for facts in found])


@router.patch("/accounts/{account_id}", responses=problems(*CHANGING, *WITH_BODY, "not-found", "account-closed"))
async def change_managed_account(
    account_id: str, change: ManagedAccountChange, caller: RecentOperator, administration: Administration
) -> ManagedAccount:
    """Change the tier of an account, suspend it, or end its suspension. For operators.

    A suspended account keeps its data: its requests are 403 `account-suspended`, and its sockets and event streams
    close. A tier counts for what is submitted from then on. The act is in the audit trail of the account and in that of
    the system.
    """
    wanted = accounts.AccountChange(tier=change.tier, suspended=change.suspended, reason=change.reason)
    return ManagedAccount.of(await administration.accounts.change(caller, ids.from_wire("acc", account_id), wanted))


@router.get("/users", dependencies=[FOR_OPERATORS], responses=problems(*AUTHENTICATED, "validation-failed"))
async def list_managed_users(administration: Administration, wanted: Annotated[UserFilter, Query()]) -> ManagedUserPage:
    """List the users of the installation, newest first. For operators."""
    found, has_more = await administration.users.page(
        limit=wanted.limit,
        before=read_cursor("usr", wanted.cursor),
        words=wanted.q,
        operator=wanted.operator,
        reset=wanted.factor_reset,
    )
    data = [ManagedUser.of(row) for row in found]
    return ManagedUserPage(data=data, has_more=has_more, next_cursor=data[-1].user_id if has_more else None)


@router.get("/users/{user_id}", dependencies=[FOR_OPERATORS], responses=problems(*AUTHENTICATED, "not-found"))
async def get_managed_user(user_id: str, administration: Administration) -> ManagedUser:
    """Get a user. For operators."""
    return ManagedUser.of(await administration.users.get(ids.from_wire("usr", user_id)))


@router.patch("/users/{user_id}", responses=problems(*CHANGING, *WITH_BODY, "not-found", "last-operator"))
async def change_managed_user(
    user_id: str, change: ManagedUserChange, caller: RecentOperator, administration: Administration
) -> ManagedUser:
    """Suspend a user or end the suspension, make one an operator or take that right away. For operators.

    The login sessions of a suspended user end. Their accounts go on, with their API keys and other members: suspend the
    account to stop those. One operator always stays.
    """
    wanted = users.UserChange(suspended=change.suspended, operator=change.operator, reason=change.reason)
    return ManagedUser.of(await administration.users.change(caller, ids.from_wire("usr", user_id), wanted))


@router.post("/users/{user_id}/unlock", status_code=204, responses=problems(*AUTHENTICATED, "not-found"))
async def unlock_managed_user(user_id: str, caller: Operator, administration: Administration) -> None:
    """Forget the wrong passwords that delay a user's next log-in. For operators."""
    await administration.users.unlock(caller, ids.from_wire("usr", user_id))


@router.delete("/users/{user_id}/sessions", status_code=204, responses=problems(*CHANGING, "not-found"))
async def end_managed_sessions(user_id: str, caller: RecentOperator, administration: Administration) -> None:
    """End all login sessions of a user, who can log in again. For operators."""
    await administration.users.end_sessions(caller, ids.from_wire("usr", user_id))
