"""Routes of accounts: the personal one, and organizations."""

from fastapi import Response

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Organizations, Person
from api.requests.idempotency import CODES, OncePerKey, replayable
from api.requests.members import MemberReader, MemberWriter, OwnerHere
from api.routing import Router
from api.schemas.accounts import ACCOUNTS, AccountChange, HandOver, Membership, MembershipPage, NewOrganization
from backplane import ids
from backplane.services.organizations.accounts import MembershipFacts
from backplane.services.requests.submission import Submission

router = Router(prefix=ACCOUNTS, tags=["accounts"])

SHARED = ("account-suspended", "account-closed", "not-found")
CHANGING = (*SHARED, "insufficient-role", "role-changed", "personal-account")


@router.post(
    "",
    status_code=201,
    responses={
        201: replayable({"description": "The account; you are its owner"}),
        **problems(*AUTHENTICATED, *WITH_BODY, *CODES, "gone", "too-many-accounts"),
    },
)
async def create_account(
    *, new: NewOrganization, caller: Person, organizations: Organizations, once: OncePerKey, response: Response
) -> Membership:
    """Make an account that people can share; you are its owner.

    It has its own keys, jobs, webhooks and limits. Send `X-Account` with a request that is for it. A user owns at most
    20 such accounts.
    """

    async def create(submission: Submission) -> MembershipFacts:
        return await organizations.accounts.create(submission, name=new.name)

    made = await once.run(
        Submission(caller),
        create,
        lambda made: organizations.accounts.get_made(caller, made.object_id),
        options=new,
    )
    response.headers["Location"] = f"{ACCOUNTS}/{ids.to_wire('acc', made.id)}"
    return Membership.of(made)


@router.get("", responses=problems(*AUTHENTICATED))
async def list_accounts(caller: Person, organizations: Organizations) -> MembershipPage:
    """List the accounts that you are a member of, with your role: your personal one first, all of them on one page."""
    return MembershipPage(data=[Membership.of(facts) for facts in await organizations.accounts.list(caller)])


@router.get("/{account_id}", responses=problems(*AUTHENTICATED, *SHARED))
async def get_account(caller: MemberReader, organizations: Organizations) -> Membership:
    """Get an account that you are a member of, or an API key's own. Any other is the same 404 as none at all."""
    return Membership.of(await organizations.accounts.get(caller))


@router.patch("/{account_id}", responses=problems(*AUTHENTICATED, *WITH_BODY, *CHANGING))
async def rename_account(change: AccountChange, caller: MemberWriter, organizations: Organizations) -> Membership:
    """Rename an account."""
    return Membership.of(await organizations.accounts.rename(caller, change.name))


@router.post(
    "/{account_id}/hand-over",
    status_code=204,
    responses=problems(*AUTHENTICATED, *WITH_BODY, *CHANGING, "reauthentication-required"),
)
async def hand_over_account(heir: HandOver, caller: OwnerHere, organizations: Organizations) -> None:
    """Make another member the owner in your place; you stay as an admin."""
    await organizations.members.hand_over(caller, ids.from_wire("usr", heir.user_id))
