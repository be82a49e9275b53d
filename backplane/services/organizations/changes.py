"""What every change of an account's members has in common: one at a time, by somebody who still may do it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from backplane import ids
from backplane.actions import Action
from backplane.db.models import Account
from backplane.db.repositories import accounts, memberships
from backplane.db.session import Session
from backplane.errors import InsufficientRole, RoleChanged
from backplane.errors.organizations import LastOwner, PersonalAccount
from backplane.services.audit import trail
from backplane.services.identity.permissions import OWNER, permitted
from backplane.services.identity.rights import demand_open
from backplane.services.requests.caller import Caller


@dataclass(frozen=True, slots=True)
class Held:
    """A locked account, and what its lock has shown the caller to be."""

    account: Account
    role: str

    def demand_owner_for(self, *roles: str) -> None:
        """Raises InsufficientRole where an admin makes, changes or removes an owner."""
        if OWNER in roles and self.role != OWNER:
            raise InsufficientRole("Only an owner makes, changes or removes owners")


async def lock(session: Session, caller: Caller, scope: str | None = None) -> Held:
    """Lock the account of a change; the role that the request was admitted with may be gone.

    Raises:
        PersonalAccount: it has no members to change.
        RoleChanged: the caller may no longer do it.
        AccountClosed, AccountSuspended: nothing is done for this account any more.
    """
    account = demand_open(await accounts.lock(session, caller.account_id))
    if account.personal:
        raise PersonalAccount
    role = await memberships.role(session, user_of(caller), account.id)
    if role is None or (scope is not None and scope not in permitted(role)):
        raise RoleChanged(f"You are {role or 'no member'} of this account now")
    return Held(account, role)


async def demand_other_owner(session: Session, account_id: UUID) -> None:
    """Raise LastOwner if the account would be left without an owner."""
    if await memberships.count(session, account_id, role=OWNER) < 2:  # noqa: PLR2004 - this one and another
        raise LastOwner("Make somebody else an owner first, or close the account")


def record(
    session: Session, caller: Caller, action: Action, user_id: UUID, details: Mapping[str, Any] | None = None
) -> None:
    """Write an entry about a member: into the account's trail, and into the member's own."""
    trail.record(session, caller, action, user_id, details=details)
    own = {**(details or {}), "account_id": ids.to_wire("acc", caller.account_id)}
    trail.record(session, replace(caller, account_id=user_id), action, caller.account_id, details=own)


def user_of(caller: Caller) -> UUID:
    assert caller.user_id is not None
    return caller.user_id
