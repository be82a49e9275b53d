"""Routes of the members of an account."""

from typing import Annotated

from fastapi import Path

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Organizations
from api.requests.members import Leaver, MemberReader, MemberWriter
from api.routes.accounts import CHANGING, SHARED
from api.routing import Router
from api.schemas.accounts import ACCOUNTS, Member, MemberPage, RoleChange
from backplane import ids

router = Router(prefix=ACCOUNTS + "/{account_id}/members", tags=["accounts"])
MemberId = Annotated[str, Path(description="A member", examples=["usr_018f0e1c5b7c7c4c8d2f0a6d3b1e9f42"])]


@router.get("", responses=problems(*AUTHENTICATED, *SHARED))
async def list_members(caller: MemberReader, organizations: Organizations) -> MemberPage:
    """List the members of an account with their roles: at most 500, on one page."""
    return MemberPage(data=[Member.of(facts) for facts in await organizations.members.list(caller)])


@router.delete("/me", status_code=204, responses=problems(*AUTHENTICATED, *CHANGING, "last-owner"))
async def leave_account(caller: Leaver, organizations: Organizations) -> None:
    """Leave an account, in any role. API keys that you made for it end. The last owner hands it over, or closes it."""
    await organizations.members.leave(caller)


@router.patch("/{user_id}", responses=problems(*AUTHENTICATED, *WITH_BODY, *CHANGING, "last-owner"))
async def change_role(
    user_id: MemberId, change: RoleChange, caller: MemberWriter, organizations: Organizations
) -> Member:
    """Give a member another role. It holds at once: open sockets of the member close, and find the new rights.

    API keys that the member made and that may do more than the new role end. Only an owner makes or changes owners.
    """
    return Member.of(await organizations.members.change_role(caller, ids.from_wire("usr", user_id), change.role))


@router.delete("/{user_id}", status_code=204, responses=problems(*AUTHENTICATED, *CHANGING, "last-owner"))
async def remove_member(user_id: MemberId, caller: MemberWriter, organizations: Organizations) -> None:
    """Remove a member. It holds at once: API keys and invitations by the member end, and jobs and results stay.

    Only an owner removes owners.
    """
    await organizations.members.remove(caller, ids.from_wire("usr", user_id))
