"""Routes of invitations: for those who invite, and for those who hold a link."""

from typing import Annotated

from fastapi import Path, Response

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Anyone, Organizations, Person
from api.requests.idempotency import CODES, OncePerKey, replayable
from api.requests.members import MemberReader, MemberWriter
from api.routes.accounts import CHANGING, SHARED
from api.routing import Router
from api.schemas.accounts import (
    ACCOUNTS,
    Invitation,
    InvitationOffer,
    InvitationPage,
    InvitationToken,
    InvitationWithLink,
    Membership,
    NewInvitation,
)
from backplane import ids
from backplane.services.organizations.invitations import MadeInvitation
from backplane.services.requests.caller import Caller
from backplane.services.requests.idempotency import Made
from backplane.services.requests.submission import Submission
from backplane.wiring.organizations import OrganizationServices

router = Router(prefix=ACCOUNTS + "/{account_id}/invitations", tags=["accounts"])
links = Router(prefix="/api/v1/invitations", tags=["accounts"])

ENDED = ("invitation-expired", "invitation-used", "invitation-revoked")
InvitationId = Annotated[str, Path(description="An open invitation", examples=["inv_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]


@router.post(
    "",
    status_code=201,
    responses={
        201: replayable({"description": "The invitation"}),
        **problems(
            *AUTHENTICATED,
            *WITH_BODY,
            *CHANGING,
            *CODES,
            "gone",
            "self-invitation",
            "already-member",
            "already-invited",
            "too-many-members",
            "too-many-invitations",
            "invitation-limit",
        ),
    },
)
async def create_invitation(
    *, new: NewInvitation, caller: MemberWriter, organizations: Organizations, once: OncePerKey, response: Response
) -> InvitationWithLink:
    """Invite an address to an account, with a role; only an owner invites owners.

    The mail has a link that works once, within seven days, for a user with this address. Where the installation sends
    no mail, the answer has the `link`. The invitation ends if you lose the right to invite.
    """

    async def create(submission: Submission) -> MadeInvitation:
        return await organizations.invitations.create(submission, email=new.email, role=new.role)

    async def again(made: Made) -> MadeInvitation:
        return await _shown_again(organizations, caller, made)

    made = await once.run(Submission(caller), create, again, options=new)
    response.headers["Cache-Control"] = "no-store"
    return InvitationWithLink.made(made)


@router.get("", responses=problems(*AUTHENTICATED, *SHARED))
async def list_invitations(caller: MemberReader, organizations: Organizations) -> InvitationPage:
    """List the open invitations of an account, newest first: at most 50, on one page.

    One whose `expires_at` is over can no longer be accepted, but sent again.
    """
    return InvitationPage(data=[Invitation.of(facts) for facts in await organizations.invitations.list(caller)])


@router.post(
    "/{invitation_id}/resend", responses=problems(*AUTHENTICATED, *CHANGING, "too-many-members", "invitation-limit")
)
async def resend_invitation(
    invitation_id: InvitationId, caller: MemberWriter, organizations: Organizations, response: Response
) -> InvitationWithLink:
    """Mail an invitation again, with a new link that is valid for seven days; the link before ends."""
    made = await organizations.invitations.resend(caller, ids.from_wire("inv", invitation_id))
    response.headers["Cache-Control"] = "no-store"
    return InvitationWithLink.made(made)


@router.delete("/{invitation_id}", status_code=204, responses=problems(*AUTHENTICATED, *CHANGING))
async def revoke_invitation(invitation_id: InvitationId, caller: MemberWriter, organizations: Organizations) -> None:
    """Revoke an open invitation: its link ends."""
    await organizations.invitations.revoke(caller, ids.from_wire("inv", invitation_id))


@links.post("/show", responses=problems(*WITH_BODY, "not-found", *ENDED))
async def show_invitation(
    given: InvitationToken, _caller: Anyone, organizations: Organizations, response: Response
) -> InvitationOffer:
    """See what a link offers, without using it and before you log in.

    The link's token is in its fragment, which no browser sends: the page sends it in this body.
    """
    response.headers["Cache-Control"] = "no-store"
    return InvitationOffer.of(await organizations.acceptance.show(given.token.get_secret_value()))


@links.post(
    "/accept",
    responses=problems(
        *AUTHENTICATED,
        *WITH_BODY,
        *SHARED,
        *ENDED,
        "invitation-for-other",
        "email-unverified",
        "already-member",
        "too-many-members",
        "too-many-accounts",
    ),
)
async def accept_invitation(given: InvitationToken, caller: Person, organizations: Organizations) -> Membership:
    """Accept an invitation to your own address, and become a member of its account. A link works once."""
    return Membership.of(await organizations.acceptance.accept(caller, given.token.get_secret_value()))


async def _shown_again(organizations: OrganizationServices, caller: Caller, made: Made) -> MadeInvitation:
    """Answer again with the link that the first request of the key got, if no mail brought it."""
    assert made.answer is not None
    invitation = await organizations.invitations.get(caller, made.object_id)
    return MadeInvitation(invitation, made.answer.decode() or None)
