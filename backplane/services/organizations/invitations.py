"""Invitations to an account, for those who invite: made, mailed again, listed and revoked."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from backplane import ids
from backplane.db.models import Invitation
from backplane.db.repositories import invitations, memberships, users
from backplane.db.session import Database, Session
from backplane.errors import NotFound
from backplane.errors.limits import TooManyMembers
from backplane.errors.organizations import (
    AlreadyInvited,
    AlreadyMember,
    InvitationLimit,
    SelfInvitation,
    TooManyInvitations,
)
from backplane.services.audit import trail
from backplane.services.organizations.changes import Held, lock, user_of
from backplane.services.organizations.letters import Letter, Letters
from backplane.services.requests.caller import Caller
from backplane.services.requests.submission import Submission
from backplane.services.usage.tiers import Tiers

TOKEN_BYTES = 32
MAX_OPEN = 50
MAX_MEMBERS = 500
"""With the open invitations: what one page shows, and one change may have to look at."""

MAILS_OF_ACCOUNT = MAILS_OF_USER = 100
MAILS_TO_ADDRESS = 5
"""In 24 hours: an invitation is a mail to a stranger, with words that the inviter has chosen."""

RESEND_SECONDS = 60


@dataclass(frozen=True, slots=True)
class InvitationFacts:
    """An invitation without its token."""

    id: UUID
    email: str = field(repr=False)
    role: str
    invited_by: UUID
    sent_at: datetime
    expires_at: datetime
    created_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationFacts":
        return cls(**{name: getattr(invitation, name) for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """A new link; it is shown to the inviter only where no mail brings it."""

    invitation: InvitationFacts
    link: str | None = field(repr=False)


class Invitations:
    def __init__(self, database: Database, letters: Letters, tiers: Tiers) -> None:
        self._database = database
        self._letters = letters
        self._tiers = tiers

    async def list(self, caller: Caller) -> Sequence[InvitationFacts]:
        """List the open invitations of the account, newest first; an expired one can still be sent again."""
        async with self._database.reading() as session:
            found = await invitations.open_of_account(session, caller.account_id)
        return [InvitationFacts.of(invitation) for invitation in found]

    async def get(self, caller: Caller, invitation_id: UUID) -> InvitationFacts:
        async with self._database.reading() as session:
            found = await invitations.of_account(session, caller.account_id, invitation_id)
        if found is None:
            raise NotFound
        return InvitationFacts.of(found)

    async def create(self, submission: Submission, *, email: str, role: str) -> MadeInvitation:
        """Invite an address.

        Raises:
            InsufficientRole: an admin would make an owner.
            SelfInvitation, AlreadyMember, AlreadyInvited: there is nothing to invite.
            TooManyMembers: with all that are invited, the account has as many as its tier allows.
            TooManyInvitations, InvitationLimit: too many are open, or were mailed.
        """
        caller, email, token = submission.caller, email.lower(), secrets.token_urlsafe(TOKEN_BYTES)
        async with self._database.transaction() as session:
            held = await lock(session, caller, "account:write")
            held.demand_owner_for(role)
            await _demand_invitable(session, caller, email)
            await self._demand_room(session, held)
            await _demand_mail(session, caller, email)
            invitation = Invitation(
                id=ids.new(),
                account_id=caller.account_id,
                email=email,
                role=role,
                invited_by=user_of(caller),
                token_sha256=digest_of(token),
            )
            await invitations.add(session, invitation)
            link = await self._send(session, caller, held, invitation, token)
            trail.record(session, caller, "invitation.made", invitation.id, details={"role": role})
            await submission.record(session, "invitation", invitation.id, answer=(link or "").encode())
        return MadeInvitation(InvitationFacts.of(invitation), link)

    async def resend(self, caller: Caller, invitation_id: UUID) -> MadeInvitation:
        """Mail an invitation with a new link, valid for its whole lifetime; the link before ends.

        Raises:
            NotFound: the account has no such open invitation.
            TooManyMembers: meanwhile the account has as many as its tier allows.
            InvitationLimit: it was mailed a moment ago, or too many were.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        async with self._database.transaction() as session:
            held = await lock(session, caller, "account:write")
            invitation = await _find(session, caller.account_id, invitation_id)
            held.demand_owner_for(invitation.role)
            await self._demand_room(session, held, but=invitation.id)
            await _demand_pause(session, invitation.id)
            await _demand_mail(session, caller, invitation.email)
            await invitations.renew(session, invitation, digest_of(token), invited_by=user_of(caller))
            link = await self._send(session, caller, held, invitation, token)
            trail.record(session, caller, "invitation.resent", invitation.id)
        return MadeInvitation(InvitationFacts.of(invitation), link)

    async def revoke(self, caller: Caller, invitation_id: UUID) -> None:
        """End an open invitation. Raises NotFound if the account has no such one."""
        async with self._database.transaction() as session:
            held = await lock(session, caller, "account:write")
            invitation = await _find(session, caller.account_id, invitation_id)
            held.demand_owner_for(invitation.role)
            await invitations.revoke(session, caller.account_id, invitation_id=invitation.id)
            trail.record(session, caller, "invitation.revoked", invitation.id)

    async def _demand_room(self, session: Session, held: Held, *, but: UUID | None = None) -> None:
        """Require room for one more member; invitations that can still be accepted hold theirs."""
        invited = await invitations.count_valid(session, held.account.id, but=but)
        used = await memberships.count(session, held.account.id) + invited
        self._tiers.of(held.account.tier).require_room("members", used, TooManyMembers)

    async def _send(
        self, session: Session, caller: Caller, held: Held, invitation: Invitation, token: str
    ) -> str | None:
        """Mail the link, and return it where no mail is sent."""
        inviter = await users.by_id(session, user_of(caller))
        assert inviter is not None
        letter = Letter(
            address=invitation.email,
            inviter=inviter.email,
            account=held.account.name or "",
            role=invitation.role,
            link=self._letters.link(token),
        )
        return None if await self._letters.send(session, letter) else letter.link


def digest_of(token: str) -> bytes:
    """Return what is stored of a token."""
    return hashlib.sha256(token.encode()).digest()


async def _find(session: Session, account_id: UUID, invitation_id: UUID) -> Invitation:
    invitation = await invitations.of_account(session, account_id, invitation_id)
    if invitation is None:
        raise NotFound("The account has no such open invitation")
    return invitation


async def _demand_invitable(session: Session, caller: Caller, email: str) -> None:
    user = await users.by_id(session, user_of(caller))
    if user is not None and user.email == email:
        raise SelfInvitation
    if await invitations.is_member(session, caller.account_id, email):
        raise AlreadyMember
    if await invitations.open_to(session, caller.account_id, email) is not None:
        raise AlreadyInvited("Send the open invitation again, or revoke it first")
    waiting = await invitations.count_open(session, caller.account_id)
    if waiting >= MAX_OPEN or waiting + await memberships.count(session, caller.account_id) >= MAX_MEMBERS:
        raise TooManyInvitations(f"At most {MAX_OPEN} are open, and {MAX_MEMBERS} with the members: revoke some")


async def _demand_mail(session: Session, caller: Caller, email: str) -> None:
    # One user's invitations to several accounts wait for each other here.
    await users.lock(session, user_of(caller))
    mailed = await invitations.mailed_within_a_day(
        session, account_id=caller.account_id, user_id=user_of(caller), email=email
    )
    if mailed.by_account >= MAILS_OF_ACCOUNT or mailed.by_user >= MAILS_OF_USER:
        raise InvitationLimit(f"At most {MAILS_OF_USER} invitations are mailed in 24 hours")
    if mailed.to_address >= MAILS_TO_ADDRESS:
        raise InvitationLimit(f"At most {MAILS_TO_ADDRESS} invitations are mailed to an address in 24 hours")


async def _demand_pause(session: Session, invitation_id: UUID) -> None:
    age = await invitations.seconds_since_sent(session, invitation_id)
    if age < RESEND_SECONDS:
        left = max(1, round(RESEND_SECONDS - age))
        raise InvitationLimit("This invitation was mailed less than a minute ago", retry_after=left)
