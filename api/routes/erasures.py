"""Routes of erasures, of the user and of organizations."""

from api.answers.problems import AUTHENTICATED, WITH_BODY, problems
from api.dependencies import Erasure as Erasures
from api.dependencies import Person, RecentPerson
from api.requests.members import OwnerHere, OwnerOfClosed, RecentOwnerOfClosed
from api.routes.accounts import CHANGING
from api.routing import Router
from api.schemas.accounts import ACCOUNTS
from api.schemas.erasures import Erasure, ErasureRequest

router = Router(prefix="/api/v1/me", tags=["accounts"])
of_accounts = Router(prefix=ACCOUNTS + "/{account_id}", tags=["accounts"])

CANCELING = (*AUTHENTICATED, "reauthentication-required", "not-found", "erasure-begun")
OF_ACCOUNT = ("insufficient-role", "account-suspended")


@router.delete(
    "",
    status_code=202,
    responses=problems(
        *AUTHENTICATED, *WITH_BODY, "reauthentication-required", "last-owner", "account-busy", "erasure-scheduled"
    ),
)
async def erase_me(request: ErasureRequest, caller: RecentPerson, erasure: Erasures) -> Erasure:
    """Erase your user and your personal account, with all its jobs, pictures and keys, after some days.

    Until then you can log in and cancel it; your personal account is closed, and its API keys are refused. Afterwards
    nobody can decrypt a picture whose key only this service has. Organizations that nobody else is in are erased too.
    Your name leaves the audit trail, whose entries stay.
    """
    return Erasure.of(await erasure.schedule.erase_user(caller, grace=request.grace))


@router.get("/erasure", responses=problems(*AUTHENTICATED, "not-found"))
async def get_my_erasure(caller: Person, erasure: Erasures) -> Erasure:
    """See when you will be erased; 404 if you will not."""
    return Erasure.of(await erasure.schedule.get(caller))


@router.delete("/erasure", status_code=204, responses=problems(*CANCELING))
async def cancel_my_erasure(caller: RecentPerson, erasure: Erasures) -> None:
    """Cancel your erasure, before it begins: your personal account is open again, with all that it had.

    Its webhook endpoints stay disabled until you enable them.
    """
    await erasure.schedule.cancel(caller)


@of_accounts.post(
    "/close",
    status_code=202,
    responses=problems(*AUTHENTICATED, *WITH_BODY, *CHANGING, "reauthentication-required", "account-busy"),
)
async def close_account(caller: OwnerHere, erasure: Erasures, request: ErasureRequest | None = None) -> Erasure:
    """Close an account, as its owner, and erase it after some days: 14, if the body does not say how many.

    All its jobs must have ended. From now on every request for it is refused with `account-closed`, with an API key
    too; its webhooks stop, its invitations end, its sockets close. Until its erasure begins, an owner can cancel it.
    """
    grace = (request or ErasureRequest()).grace
    return Erasure.of(await erasure.schedule.erase_account(caller, grace=grace))


@of_accounts.get("/erasure", responses=problems(*AUTHENTICATED, *OF_ACCOUNT, "not-found"))
async def get_erasure(caller: OwnerOfClosed, erasure: Erasures) -> Erasure:
    """See when a closed account will be erased, as its owner; 404 if it will not."""
    return Erasure.of(await erasure.schedule.get(caller))


@of_accounts.delete("/erasure", status_code=204, responses=problems(*CANCELING, *OF_ACCOUNT))
async def cancel_erasure(caller: RecentOwnerOfClosed, erasure: Erasures) -> None:
    """Cancel the erasure of an account, as its owner, before it begins: the account is open again.

    Its webhook endpoints stay disabled until you enable them, and its open invitations are gone.
    """
    await erasure.schedule.cancel(caller)
