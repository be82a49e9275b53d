"""Rights at the moment of a change: a request may take minutes, and rights that it began with may have ended."""

from typing import Any, Protocol, TypeVar

from backplane.db.repositories import accounts, memberships
from backplane.db.session import Session
from backplane.errors import AccountClosed, AccountSuspended, NotFound, RoleChanged
from backplane.services.identity.permissions import permitted
from backplane.services.requests.caller import Caller


class Closable(Protocol):
    """An account, or those of its columns that say whether something may be done for it."""

    @property
    def closed_at(self) -> Any: ...
    @property
    def suspended_at(self) -> Any: ...


Held = TypeVar("Held", bound=Closable)


async def require_rights(session: Session, caller: Caller, scope: str) -> None:
    """Require, first in the transaction of a change, that the caller still may do it in the account.

    From then on the account cannot be closed, nor its roles changed, until the transaction ends. It costs nothing where
    nobody can change them, in the personal account; one statement for an API key, and two for a member.

    Raises:
        RoleChanged: the caller's role in the account, if there is one left, no longer allows it.
        AccountClosed, AccountSuspended: nothing is done for this account any more.
    """
    if caller.user_id == caller.account_id or (caller.user_id is None and caller.api_key_id is None):
        return
    demand_open(await accounts.hold(session, caller.account_id))
    if caller.user_id is None:
        return
    role = await memberships.role(session, caller.user_id, caller.account_id)
    if scope not in permitted(role):
        raise RoleChanged(f"This needs a role with {scope}; you are {role or 'no member'} of this account now")


def demand_open(account: Held | None) -> Held:
    """Return a locked account, for which something may be done.

    Raises:
        NotFound: there is none.
        AccountClosed, AccountSuspended: nothing is done for it any more.
    """
    if account is None:
        raise NotFound
    if account.closed_at is not None:
        raise AccountClosed
    if account.suspended_at is not None:
        raise AccountSuspended
    return account
