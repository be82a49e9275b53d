"""Members of an account: their roles, their end, and the owner's hand-over."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from backplane.actions import Action
from backplane.db.models import Membership
from backplane.db.repositories import invitations, memberships
from backplane.db.session import Database, Session
from backplane.errors import NotFound
from backplane.services.identity.api_key_makers import follow_role
from backplane.services.identity.permissions import ADMIN, OWNER
from backplane.services.identity.revocations import Revocations
from backplane.services.organizations.changes import demand_other_owner, lock, record, user_of
from backplane.services.requests.caller import Caller


@dataclass(frozen=True, slots=True)
class MemberFacts:
    user_id: UUID
    email: str
    role: str
    joined_at: datetime

    @classmethod
    def of(cls, membership: Membership, email: str) -> Self:
        return cls(membership.user_id, email, membership.role, membership.created_at)


class Members:
    def __init__(self, database: Database, revocations: Revocations) -> None:
        self._database = database
        self._revocations = revocations

    async def list(self, caller: Caller) -> Sequence[MemberFacts]:
        async with self._database.reading() as session:
            found = await memberships.members(session, caller.account_id)
        return [MemberFacts.of(membership, email) for membership, email in found]

    async def change_role(self, caller: Caller, user_id: UUID, role: str) -> MemberFacts:
        """Give a member another role; what the member may do changes at once, everywhere.

        Raises:
            NotFound: the account has no such member.
            InsufficientRole: an admin would make or change an owner.
            LastOwner: no owner would be left.
        """
        async with self._database.transaction() as session:
            held = await lock(session, caller, "account:write")
            member = await _find(session, caller.account_id, user_id)
            held.demand_owner_for(member.role, role)
            if role != member.role:
                await self._change(session, caller, member, role)
        return MemberFacts(member.user_id, member.email, role, member.joined_at)

    async def remove(self, caller: Caller, user_id: UUID) -> None:
        """Remove a member, at once and everywhere; the member's API keys end, and pictures and jobs stay the account's.

        Raises:
            NotFound: the account has no such member.
            InsufficientRole: an admin would remove an owner.
            LastOwner: no owner would be left.
        """
        async with self._database.transaction() as session:
            held = await lock(session, caller, "account:write")
            member = await _find(session, caller.account_id, user_id)
            held.demand_owner_for(member.role)
            await self._remove(session, caller, member, "member.removed")

    async def leave(self, caller: Caller) -> None:
        """End the membership of the user. Raises LastOwner: no owner would be left."""
        async with self._database.transaction() as session:
            await lock(session, caller)
            member = await _find(session, caller.account_id, user_of(caller))
            await self._remove(session, caller, member, "member.left")

    async def hand_over(self, caller: Caller, user_id: UUID) -> None:
        """Make another member an owner, and the owner who asks an admin, in one step.

        Raises:
            NotFound: the account has no such other member.
        """
        async with self._database.transaction() as session:
            await lock(session, caller, "account:own")
            if user_id == caller.user_id:
                raise NotFound("Name another member")
            heir = await _find(session, caller.account_id, user_id)
            owner = await _find(session, caller.account_id, user_of(caller))
            if heir.role != OWNER:
                await self._change(session, caller, heir, OWNER)
            await self._change(session, caller, owner, ADMIN)

    async def _change(self, session: Session, caller: Caller, member: MemberFacts, role: str) -> None:
        if member.role == OWNER:
            await demand_other_owner(session, caller.account_id)
        await memberships.change_role(session, caller.account_id, member.user_id, role)
        await self._withdraw(session, caller, member, role)
        details = {"from": member.role, "to": role}
        record(session, caller, "member.role_changed", member.user_id, details)

    async def _remove(self, session: Session, caller: Caller, member: MemberFacts, action: Action) -> None:
        if member.role == OWNER:
            await demand_other_owner(session, caller.account_id)
        await memberships.remove(session, caller.account_id, member.user_id)
        await self._withdraw(session, caller, member, None)
        record(session, caller, action, member.user_id, {"role": member.role})

    async def _withdraw(self, session: Session, caller: Caller, member: MemberFacts, role: str | None) -> None:
        """End what rests on the role before: rights in memory, open sockets, API keys and invitations of the member."""
        await invitations.revoke(session, caller.account_id, invited_by=member.user_id)
        await follow_role(session, self._revocations, caller, member.user_id, role)
        self._revocations.revoke(session, member.user_id)


async def _find(session: Session, account_id: UUID, user_id: UUID) -> MemberFacts:
    found = await memberships.member(session, account_id, user_id)
    if found is None:
        raise NotFound("The account has no such member")
    return MemberFacts.of(*found)
