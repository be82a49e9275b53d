"""Invitations, for those who are invited.

Previews and mail scanners open links, so only an explicit act uses one.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime

from backplane.db.models import Invitation, User
from backplane.db.repositories import accounts, invitations, memberships, users
from backplane.db.session import Database, ReadSession, Session
from backplane.errors import NotFound, Unauthenticated
from backplane.errors.limits import TooManyMembers
from backplane.errors.organizations import (
    AlreadyMember,
    EmailUnverified,
    InvitationExpired,
    InvitationForOther,
    InvitationRevoked,
    InvitationUsed,
    TooManyAccounts,
)
from backplane.services.identity.permissions import OWNER, permitted
from backplane.services.identity.rights import demand_open
from backplane.services.organizations.accounts import MembershipFacts
from backplane.services.organizations.changes import record, user_of
from backplane.services.organizations.invitations import digest_of
from backplane.services.requests.caller import Caller
from backplane.services.usage.tiers import Tier, Tiers

MAX_MEMBERSHIPS = 200
"""What one page lists."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link offers, and to which address."""

    account_name: str
    inviter: str = field(repr=False)
    email: str = field(repr=False)
    role: str
    expires_at: datetime


class Acceptance:
    def __init__(self, database: Database, tiers: Tiers, *, verified_only: bool) -> None:
        self._database = database
        self._tiers = tiers
        self._verified_only = verified_only

    async def show(self, token: str) -> Offer:
        """Describe the invitation of a token, without using it.

        Raises:
            NotFound: there is no such invitation.
            InvitationUsed, InvitationRevoked, InvitationExpired: it has ended.
        """
        async with self._database.reading() as session:
            invitation = await _find(session, token)
            await _demand_valid(session, invitation)
            name, inviter = await invitations.describe(session, invitation)
        return Offer(name or "", inviter, invitation.email, invitation.role, invitation.expires_at)

    async def accept(self, caller: Caller, token: str) -> MembershipFacts:
        """Make the user a member by an invitation to the user's own address; it works once.

        Raises:
            NotFound: there is no such invitation.
            InvitationForOther: it is for another address than the user's.
            EmailUnverified: the user has not shown that the address is theirs.
            InvitationUsed, InvitationRevoked, InvitationExpired: it has ended.
            AlreadyMember: the user is one.
            TooManyMembers: others were faster.
        """
        async with self._database.transaction() as session:
            account = demand_open(await accounts.lock(session, (await _find(session, token)).account_id))
            invitation = await _find(session, token)
            user = await users.by_id(session, user_of(caller))
            self._demand_addressee(user, invitation)
            await _demand_valid(session, invitation)
            await _demand_inviter(session, invitation)
            await self._join(session, replace(caller, account_id=account.id), invitation, self._tiers.of(account.tier))
        return MembershipFacts.of(account, invitation.role)

    def _demand_addressee(self, user: User | None, invitation: Invitation) -> None:
        if user is None:
            raise Unauthenticated
        if user.email != invitation.email:
            raise InvitationForOther("Log in with the address that the invitation was mailed to")
        if self._verified_only and user.email_verified_at is None:
            raise EmailUnverified("Confirm your address first: only then the invitation is known to be yours")

    async def _join(self, session: Session, caller: Caller, invitation: Invitation, tier: Tier) -> None:
        user_id = user_of(caller)
        await users.lock(session, user_id)
        if await memberships.count_of(session, user_id) >= MAX_MEMBERSHIPS:
            raise TooManyAccounts(f"A user is a member of at most {MAX_MEMBERSHIPS} accounts")
        if not await memberships.add(session, account_id=caller.account_id, user_id=user_id, role=invitation.role):
            raise AlreadyMember
        others = await memberships.count(session, caller.account_id) - 1
        tier.require_room("members", others, TooManyMembers)
        # Nothing is revoked: of a stranger no gateway keeps that they are one.
        await invitations.accept(session, invitation.id)
        record(session, caller, "member.joined", user_id, {"role": invitation.role})


async def _find(session: ReadSession, token: str) -> Invitation:
    invitation = await invitations.by_token(session, digest_of(token))
    if invitation is None:
        raise NotFound("There is no such invitation; a newer mail may have a newer link")
    return invitation


async def _demand_valid(session: ReadSession, invitation: Invitation) -> None:
    if invitation.accepted_at is not None:
        raise InvitationUsed
    if invitation.revoked_at is not None:
        raise InvitationRevoked
    if await invitations.is_expired(session, invitation.id):
        raise InvitationExpired("It was valid for seven days: ask for a new one")


async def _demand_inviter(session: Session, invitation: Invitation) -> None:
    """Require that who invited still may; removing or demoting a member revokes the member's invitations, too."""
    role = await memberships.role(session, invitation.invited_by, invitation.account_id)
    if "account:write" not in permitted(role) or (invitation.role == OWNER and role != OWNER):
        raise InvitationRevoked
